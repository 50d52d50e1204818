# Four people with keys, as in cell.sh, and a cell that is begun and not sealed.
mkdir -p "$HOME/people" || return
for person in ann ben cara dan; do
	mkdir "$HOME/people/$person" && ssh-keygen -q -t ed25519 -N '' -C "$person@laptop" -f "$HOME/people/$person/key" || return
done
halligan init "$HOME/cell" --name halligan.example.com --host "db1=127.0.0.1:$SSH" \
	--person "ann=$HOME/people/ann/key.pub" --person "ben=$HOME/people/ben/key.pub" \
	--person "cara=$HOME/people/cara/key.pub" --person "dan=$HOME/people/dan/key.pub" || return
printf 'listen: 127.0.0.1:%s\nmetrics_listen: 127.0.0.1:%s\n' "$PORT" "$METRICS" > "$HOME/cell/server.yaml"
