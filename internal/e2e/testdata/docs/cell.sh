# A sealed cell that is served, with four people on machines of their own:
# $HOME/people/NAME holds key, key.pub, profile.json and anchor.json, and
# `become NAME` goes to a person's machine. The cell is in $HOME/cell. Its one
# host, db1, is at $SSH, where nobody answers.
. "$DOCS"/founding.sh && . "$DOCS"/serve.sh
