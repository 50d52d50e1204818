package aws_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/provider/aws"
)

func TestCheckEndpoints(t *testing.T) {
	for _, good := range []aws.Endpoints{
		nil,
		{"sts": "https://vpce-1.sts.{region}.vpce.amazonaws.com"},
		{"probe": "http://127.0.0.1:5000/{region}/{service}", "iam": "http://[::1]:5000"},
	} {
		if err := aws.CheckEndpoints(good); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range []aws.Endpoints{
		{"ec2": "https://ec2.example.com"},
		{"sts": "http://sts.example.com"},
		{"sts": "http://127.0.0.1.example.com"},
		{"sts": "http://localhost:5000"},
		{"sts": "https://user:secret@sts.example.com"},
		{"sts": "https://sts.example.com/?a=b"},
		{"sts": ""},
		{"sts": "ftp://127.0.0.1"},
	} {
		if err := aws.CheckEndpoints(bad); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
