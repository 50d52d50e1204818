// Package alert carries alarms out of the cell: one alarm, one channel, one
// signed POST in the format of Standard Webhooks 1.0.0, one mail by SMTP or one
// message to a topic of Amazon SNS, and a receipt or the reason why there is none.
//
// It is not for deciding who hears of what (the cell enqueues an alarm task for
// each channel), and not for remembering: tasks are durable in the store, and
// the scheduler tries each again until it is answered. Here is one attempt.
//
// Invariants, each with the reason at its place:
//
//   - No secret leaves by a side door. A [Message] has no field for a reason, a
//     note or a credential; a signing secret and everything of an address but
//     scheme and host are out of reach of every error, String, %+v and log line,
//     because the address of a webhook is often a secret itself (webhook.go).
//   - An alarm is rather sent with less than not sent: text that does not fit is
//     cut and cleaned, a link that could carry a secret is left out (message.go).
//   - The connection goes where the configuration says. No redirect is followed
//     and no proxy asked, and the address is judged after its name was resolved,
//     so that neither a name server nor a receiver can turn an alarm against the
//     metadata service or another program on this machine (guard.go).
//   - A receiver cannot hold us up: one attempt has [Deadline], by mail
//     [MailDeadline], by SNS [SNSDeadline], little of an answer is read, and a Retry-After counts up to
//     [MaxWait] (webhook.go).
//   - A mail goes by TLS that the server's certificate proves, or to this machine.
//     STARTTLS is demanded: where it is not offered nothing is sent. What is said
//     before TLS can cost an attempt, never the alarm (smtp.go).
//   - Nothing of an alarm can make SNS refuse it: what SNS does not take in a subject,
//     an attribute or a group is replaced or left out (sns.go).
//   - A mail is lines that we wrote: nothing in an alarm can add a header, another
//     receiver or a command (letter.go).
//
// What a receipt says: the receiver answered 2xx; a mail server, that it took the
// mail for every address; SNS, that it gave the message an id. That a person saw the alarm is another fact, and not
// claimed here.
//
// Receivers check with [Verify] and read with [Decode]; they keep the webhook-id
// of what they have handled for at least twice [Tolerance], since an alarm may
// come more than once.
//
// Read first: webhook.go, then mail.go and sns.go.
package alert
