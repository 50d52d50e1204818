package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/halligan-dev/halligan/internal/access"
)

// question is the read of a probe in one region.
type question struct {
	of     role
	probe  access.AWSProbe
	region string
}

// form is how a service is asked for one short list. Names of AWS's JSON services
// are those of its API models.
type form struct {
	host   string // first label of its name, where that is not the service's
	signed string // name that it is signed for, likewise
	query  string // body of a query protocol's call
	target string // X-Amz-Target of a JSON protocol's call
	body   string // of it
	json   string // version of that protocol
	path   string // of a REST call: a GET
}

// forms has each read that may be a probe.
var forms = map[access.AWSProbe]form{
	{Service: "cloudtrail", Action: "DescribeTrails"}:          {target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails", body: "{}", json: "1.1"},
	{Service: "cloudwatch", Action: "ListMetrics"}:             {host: "monitoring", signed: "monitoring", query: "Action=ListMetrics&Version=2010-08-01"},
	{Service: "dynamodb", Action: "ListTables"}:                {target: "DynamoDB_20120810.ListTables", body: `{"Limit":1}`, json: "1.0"},
	{Service: "ec2", Action: "DescribeInstances"}:              {query: "Action=DescribeInstances&MaxResults=5&Version=2016-11-15"},
	{Service: "iam", Action: "ListRoles"}:                      {query: "Action=ListRoles&MaxItems=1&Version=2010-05-08"},
	{Service: "kms", Action: "ListKeys"}:                       {target: "TrentService.ListKeys", body: `{"Limit":1}`, json: "1.1"},
	{Service: "lambda", Action: "ListFunctions"}:               {path: "/2015-03-31/functions/?MaxItems=1"},
	{Service: "logs", Action: "DescribeLogGroups"}:             {target: "Logs_20140328.DescribeLogGroups", body: `{"limit":1}`, json: "1.1"},
	{Service: "organizations", Action: "DescribeOrganization"}: {target: "AWSOrganizationsV20161128.DescribeOrganization", body: "{}", json: "1.1"},
	{Service: "rds", Action: "DescribeDBInstances"}:            {query: "Action=DescribeDBInstances&MaxRecords=20&Version=2014-10-31"},
	{Service: "s3", Action: "ListAllMyBuckets"}:                {path: "/"},
	{Service: "sqs", Action: "ListQueues"}:                     {target: "AmazonSQS.ListQueues", body: `{"MaxResults":1}`, json: "1.0"},
	{Service: "ssm", Action: "DescribeInstanceInformation"}:    {target: "AmazonSSM.DescribeInstanceInformation", body: `{"MaxResults":5}`, json: "1.1"},
}

// read asks once. Only a whole answer of success is Accepted, and only the name of
// a denial is Refused: an expired or unknown key is no denial.
func (a *AWS) read(ctx context.Context, q question, k keys) access.Answer {
	ctx, cancel := context.WithTimeout(ctx, readLongest)
	defer cancel()
	f, ok := forms[q.probe]
	if !ok {
		return access.Unreachable
	}
	ask, err := a.ask(ctx, q, f, k)
	if err != nil {
		return access.Unreachable
	}
	answer, err := a.client.Do(ask)
	if err != nil {
		return access.Unreachable
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return access.Unreachable
	}
	switch {
	case answer.StatusCode == http.StatusOK && (strings.HasPrefix(string(body), "<") || strings.HasPrefix(string(body), "{")):
		return access.Accepted
	case answer.StatusCode/100 == 4 && slices.Contains(denied, codeOf(answer.Header, body)):
		return access.Refused
	}
	return access.Unreachable
}

// ask is the signed request.
func (a *AWS) ask(ctx context.Context, q question, f form, k keys) (*http.Request, error) {
	service, signed := q.probe.Service, q.probe.Service
	if f.host != "" {
		service, signed = f.host, f.signed
	}
	at := a.of("probe", service, q.of, q.region)
	method, path, body := http.MethodPost, "/", f.query+f.body
	if f.path != "" {
		method, path = http.MethodGet, f.path
	}
	ask, err := http.NewRequestWithContext(ctx, method, at.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	switch {
	case f.query != "":
		ask.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	case f.target != "":
		ask.Header.Set("Content-Type", "application/x-amz-json-"+f.json)
		ask.Header.Set("X-Amz-Target", f.target)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	ask.Header.Set("X-Amz-Content-Sha256", hash)
	by := sdk.Credentials{AccessKeyID: k.id, SecretAccessKey: k.secret, SessionToken: k.token}
	return ask, v4.NewSigner().SignHTTP(ctx, by, ask, hash, signed, at.region, a.Now().Std())
}

var (
	codeXML  = regexp.MustCompile(`<Code>([A-Za-z.]{1,64})</Code>`)
	codeJSON = regexp.MustCompile(`"(?:__type|code)"\s*:\s*"(?:[^"]*#)?([A-Za-z.]{1,64})[":]`)
)

// codeOf is the name of the error in an answer, whichever protocol it is of.
func codeOf(header http.Header, body []byte) string {
	if text, _, _ := strings.Cut(header.Get("X-Amzn-Errortype"), ":"); text != "" {
		return text[strings.LastIndexByte(text, '#')+1:]
	}
	for _, shape := range []*regexp.Regexp{codeXML, codeJSON} {
		if m := shape.FindSubmatch(body); m != nil {
			return string(m[1])
		}
	}
	return ""
}
