# A request of ann that waits; its id is in $id.
become ann
id=$(halligan request database-locked-out --why "pool exhausted, nobody can connect" --json 2>/dev/null | sed -n 's/.*"short": "\([0-9a-f]*\)".*/\1/p')
[ -n "$id" ]
