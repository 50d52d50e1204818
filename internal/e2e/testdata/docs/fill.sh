# Fills in what cell.yaml wants of the host db1: keys of the machine that a page
# prepared, or of one that there is not.
key=/etc/ssh/ssh_host_ed25519_key report=/etc/halligan-host/report.key
if [ ! -e "$report" ]; then
	mkdir -p "$HOME/host" || return
	key=$HOME/host/hostkey report=$HOME/host/report
	for made in "$key" "$report"; do
		[ -e "$made" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$made" || return
	done
fi
sed -i -e "s|host_keys: \[\]|host_keys: ['$(ssh-keygen -y -f "$key" | cut -d' ' -f1,2)']|" \
	-e "s|report_key: \"\"|report_key: '$(ssh-keygen -y -f "$report" | cut -d' ' -f1,2)'|" \
	-e 's|other_way: ""|other_way: Serial console of the virtual machine, account in the safe|' "$HOME/cell/cell.yaml"
