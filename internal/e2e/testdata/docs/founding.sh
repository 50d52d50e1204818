# Four people with keys, as in cell.sh, or those of $people, and a cell that is begun and not sealed.
people=${people:-ann ben cara dan}
mkdir -p "$HOME/people" || return
for person in $people; do
	mkdir "$HOME/people/$person" && ssh-keygen -q -t ed25519 -N '' -C "$person@laptop" -f "$HOME/people/$person/key" || return
done
halligan init "$HOME/cell" --name halligan.example.com --host "db1=127.0.0.1:$SSH" \
	$(for person in $people; do printf -- '--person %s=%s ' "$person" "$HOME/people/$person/key.pub"; done) || return
printf 'listen: 127.0.0.1:%s\nmetrics_listen: 127.0.0.1:%s\n' "$PORT" "$METRICS" > "$HOME/cell/server.yaml"
