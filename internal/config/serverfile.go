package config

// serverFile is server.yaml.
type serverFile struct {
	Mark
	Listen        word               `yaml:"listen"`
	MetricsListen word               `yaml:"metrics_listen"`
	Data          dataFile           `yaml:"data"`
	TLS           tlsFile            `yaml:"tls"`
	Webhooks      table[webhookFile] `yaml:"webhooks"`
	Limits        limitsFile         `yaml:"limits"`
}

func (*serverFile) planned() []string {
	return []string{"postgres", "witnesses", "mail", "slack", "pagerduty", "sns", "oidc", "kms", "log", "replicas"}
}

type dataFile struct {
	Mark
	Folder    word `yaml:"folder"`
	Keys      word `yaml:"keys"`
	HighWater word `yaml:"high_water"`
}

type tlsFile struct {
	Mark
	Cert word `yaml:"cert,required"`
	Key  word `yaml:"key,required"`
}

func (*tlsFile) planned() []string { return []string{"acme", "client_ca"} }

type webhookFile struct {
	Mark
	URL        word `yaml:"url,required"`
	SecretFile word `yaml:"secret_file,required"`
}

func (*webhookFile) planned() []string { return []string{"headers", "proxy"} }

type limitsFile struct {
	Mark
	Connections         count `yaml:"connections"`
	Streams             count `yaml:"streams"`
	RequestsPerMinute   count `yaml:"requests_per_minute"`
	StatementsPerMinute count `yaml:"statements_per_minute"`
}
