# A request of ann that ben and cara agreed to, used once; its id is in $id.
. "$DOCS"/request.sh || return
for person in ben cara; do
	become $person
	halligan approve "$id" --check call-back > /dev/null || return
done
become ann
halligan credential "$id" --print > /dev/null
