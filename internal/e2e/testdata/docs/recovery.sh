# The cell of cell.sh with two people more, eve and fay: they are its recovery
# quorum, and in no other group.
people="ann ben cara dan eve fay"
. "$DOCS"/founding.sh || return
sed -i -e 's/^\(  [a-z-]*: \[.*\), "eve", "fay"\]$/\1]/' -e 's/^groups:$/groups:\n  trustees: [eve, fay]/' \
	-e 's/^pending: 1h$/recovery:\n  quorum:\n    - { from: group:trustees, count: 2 }\n  notice: 168h\n\npending: 1h/' "$HOME/cell/cell.yaml" || return
. "$DOCS"/serve.sh
