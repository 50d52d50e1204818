# A cell as in cell.sh with one more scenario, which opens the envelope
# prod-root: two of ben, cara and dan open it, and leads seal it.
. "$DOCS"/founding.sh || return
sed -i 's/^groups:/groups:\n  custodians: [ben, cara, dan]/' "$HOME/cell/cell.yaml"
cat > "$HOME/cell/scenarios/cloud-root-locked-out.yaml" <<'YAML'
scenario: cloud-root-locked-out
title: Nobody can sign in to the cloud account
use_when:
  - Federation and every administrator role are refused
do_not_use_when:
  - One person's own login is broken
may_request: [group:on-call]
severities:
  SEV1:
    longest: 1h
    quorum:
      - { from: group:security, count: 1 }
      - { from: group:leads, count: 1 }
    review_due: 24h
opens:
  - envelope: { name: prod-root, custodians: group:custodians, threshold: 2, sealed_by: group:leads }
YAML
. "$DOCS"/serve.sh
