package cli

// device is how one kind of device trusts an authority, and how it does so no more.
type device struct {
	On     string `json:"on"`
	Trust  string `json:"trust"`
	Remove string `json:"remove"`
}

// trustSteps are for authority.crt, the file that halligan tls trust was kept as.
// docs/howto/open-the-pages.md says them at length.
var trustSteps = []device{
	{
		"iPhone, iPad",
		"open the file; Settings > General > VPN & Device Management: install it; then Settings > General > About > Certificate Trust Settings: switch it on",
		"Settings > General > VPN & Device Management: remove the profile",
	},
	{
		"Android",
		"Settings > Security > More > Encryption & credentials > Install a certificate > CA certificate",
		"the same place > User credentials: remove it",
	},
	{
		"macOS",
		"security add-trusted-cert -r trustRoot -p ssl -k ~/Library/Keychains/login.keychain-db authority.crt",
		"security remove-trusted-cert authority.crt, and delete it in Keychain Access",
	},
	{
		"Windows",
		"certutil -user -addstore Root authority.crt",
		"certmgr.msc > Trusted Root Certification Authorities: delete it",
	},
	{
		"Debian, Ubuntu",
		"sudo install -m 644 authority.crt /usr/local/share/ca-certificates/halligan.crt && sudo update-ca-certificates",
		"sudo rm /usr/local/share/ca-certificates/halligan.crt && sudo update-ca-certificates --fresh",
	},
	{
		"Firefox, anywhere",
		"Settings > Privacy & Security > View Certificates > Authorities > Import: for websites",
		"the same list: delete it",
	},
	{
		"Chrome on Linux",
		`certutil -d sql:"$HOME/.pki/nssdb" -A -t C,, -n halligan -i authority.crt`,
		`certutil -d sql:"$HOME/.pki/nssdb" -D -n halligan`,
	},
}
