// Package deployed asks an AWS account what it says of itself: the roles, groups, users
// and policies that IAM has now, its identity providers, and when credentials were made
// and used; which rules of EventBridge a region has and whether anybody hears their topic;
// and an organisation, which accounts it has and which policies bind them. It reads, with the credentials of whoever asks, and changes nothing. That AWS
// makes a credential report is the one thing that comes of it.
//
// It is not for what should be there (blueprint), nor for how one comes in to read
// (provider/aws, for the server), nor for what is made of it (readiness).
//
// The invariant: what it gives is whole, or says that it is not. An answer that breaks
// off between two pages is an error, and no shorter answer.
//
// Read account.go, then read.go, rule.go and organization.go.
package deployed
