# Seals the cell that founding.sh began and serves it, as cell.sh does. The keys
# of the host are read where sshd and halligan-host keep them, if they are there.
. "$DOCS"/fill.sh || return
halligan init seal "$HOME/cell" --url "https://127.0.0.1:$PORT" \
	$(for person in $people; do printf -- '--with %s=%s ' "$person" "$HOME/people/$person/key"; done) || return
for person in $people; do
	cp "$HOME/cell/profiles/$person.json" "$HOME/people/$person/profile.json" && cp "$HOME/cell/anchor.json" "$HOME/people/$person/anchor.json" || return
done
serve() {
	halligan serve "$HOME/cell" > "$HOME/serve.log" 2>&1 &
	server=$!
	until (exec 3<> "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null; do
		kill -0 $server || return
		sleep 0.05
	done
}
serve || return
become ann
