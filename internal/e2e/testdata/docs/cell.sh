# A sealed cell that is served, with four people on machines of their own:
# $HOME/people/NAME holds key, key.pub and profile.json. `become NAME` goes to a
# person's machine. The cell is in $HOME/cell, one host at $SSH, no program there.
mkdir -p "$HOME/people" "$HOME/host" || return
for person in ann ben cara dan; do
	mkdir "$HOME/people/$person" && ssh-keygen -q -t ed25519 -N '' -C "$person@laptop" -f "$HOME/people/$person/key" || return
done
for key in hostkey report; do
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$HOME/host/$key" || return
done
halligan init "$HOME/cell" --name halligan.example.com --host "db1=127.0.0.1:$SSH" \
	--person "ann=$HOME/people/ann/key.pub" --person "ben=$HOME/people/ben/key.pub" \
	--person "cara=$HOME/people/cara/key.pub" --person "dan=$HOME/people/dan/key.pub" || return
sed -i -e "s|host_keys: \[\]|host_keys: ['$(cut -d' ' -f1,2 "$HOME/host/hostkey.pub")']|" \
	-e "s|report_key: \"\"|report_key: '$(cut -d' ' -f1,2 "$HOME/host/report.pub")'|" \
	-e 's|other_way: ""|other_way: Serial console of the virtual machine, account in the safe|' "$HOME/cell/cell.yaml" || return
printf 'listen: 127.0.0.1:%s\nmetrics_listen: 127.0.0.1:%s\n' "$PORT" "$METRICS" > "$HOME/cell/server.yaml" || return
halligan init seal "$HOME/cell" --url "https://127.0.0.1:$PORT" --with "ann=$HOME/people/ann/key" --with "ben=$HOME/people/ben/key" \
	--with "cara=$HOME/people/cara/key" --with "dan=$HOME/people/dan/key" || return
for person in ann ben cara dan; do
	cp "$HOME/cell/profiles/$person.json" "$HOME/people/$person/profile.json" && cp "$HOME/cell/anchor.json" "$HOME/people/$person/anchor.json" || return
done
serve() { halligan serve "$HOME/cell" > "$HOME/serve.log" 2>&1 & server=$!; }
serve
become ann
