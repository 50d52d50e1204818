# A cell that is begun and not sealed, as founding.sh makes it, with five people, two
# AWS accounts and a scenario that opens a role in one of them. Nothing of it asks
# AWS: the keys of its issuer are public halves that nobody has the other half of.
people="ann ben cara dan eve"
. "$DOCS"/founding.sh && . "$DOCS"/fill.sh || return
mkdir -p "$HOME/cell/issuer" "$HOME/cell/policies" && cp "$DOCS"/account/*.jwk "$HOME/cell/issuer/" || return
cp "$DOCS/account/rds.json" "$HOME/cell/policies/" && cp "$DOCS/account/aws-database.yaml" "$HOME/cell/scenarios/" || return
sed -i -E -e 's/^  on-call: .*/  on-call: ["ann", "eve"]/' -e 's/^  leads: .*/  leads: ["ben", "cara", "eve"]/' -e 's/^  security: .*/  security: ["cara", "dan"]/' "$HOME/cell/cell.yaml"
cat >> "$HOME/cell/cell.yaml" <<'YAML'

aws:
  issuers:
    - https://oidc.halligan.example.com
    - https://oidc.halligan-standby.example.net
  keys: [issuer/current.jwk, issuer/next.jwk]
  accounts:
    - { id: prod, account: "123456789012", regions: [eu-west-1, eu-central-1], other_way: "root of the account, in the envelope prod-root" }
    - { id: payer, account: "999988887777", regions: [us-east-1, us-west-2], management: true, other_way: "root of the account, in the safe" }
YAML
