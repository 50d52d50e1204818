package config

// serverFile is server.yaml.
type serverFile struct {
	Mark
	Listen         word               `yaml:"listen"`
	MetricsListen  word               `yaml:"metrics_listen"`
	Names          []word             `yaml:"names"`
	TrustedProxies []word             `yaml:"trusted_proxies"`
	ProxyHeader    word               `yaml:"proxy_header"`
	Data           dataFile           `yaml:"data"`
	TLS            tlsFile            `yaml:"tls"`
	Webhooks       table[webhookFile] `yaml:"webhooks"`
	Mail           table[mailFile]    `yaml:"mail"`
	SNS            table[snsFile]     `yaml:"sns"`
	Programs       table[pathFile]    `yaml:"programs"`
	Witnesses      table[word]        `yaml:"witnesses"`
	Networks       table[networkFile] `yaml:"networks"`
	Trackers       table[trackerFile] `yaml:"trackers"`
	AWS            awsServerFile      `yaml:"aws"`
	OIDC           providerFile       `yaml:"oidc"`
	Limits         limitsFile         `yaml:"limits"`
}

func (*serverFile) planned() []string {
	return []string{"postgres", "slack", "pagerduty", "kms", "log", "replicas"}
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

// pathFile is where a program of cell.yaml lies.
type pathFile struct {
	Mark
	Path        word        `yaml:"path,required"`
	Args        []word      `yaml:"args"`
	Folder      word        `yaml:"folder"`
	Environment table[word] `yaml:"environment"`
	Deadline    span        `yaml:"deadline"`
}

func (*pathFile) planned() []string { return []string{"shell", "user", "secret_file"} }

type limitsFile struct {
	Mark
	Connections         count `yaml:"connections"`
	Streams             count `yaml:"streams"`
	RequestsPerMinute   count `yaml:"requests_per_minute"`
	StatementsPerMinute count `yaml:"statements_per_minute"`
}
