package server

import (
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/halligan-dev/halligan/internal/alert"
)

// topics makes the channels by SNS. It calls nobody.
func (s *Server) topics(into map[string]sink) error {
	for channel, to := range s.Settings.SNS {
		var keys sdk.CredentialsProvider // nil: the SDK's default chain
		if k := to.Keys; k != nil {
			keys = alert.StaticKeys(string(k.ID.Key()), string(k.Secret.Key()), string(k.Token.Key()))
		}
		made, err := alert.NewSNS(channel, alert.Topic{ARN: to.Topic, Endpoint: to.Endpoint}, keys, nil)
		if err != nil {
			return fmt.Errorf("cannot use channel %s: %w", channel, err)
		}
		into[channel] = made
		s.alarms = append(s.alarms, made)
	}
	return nil
}
