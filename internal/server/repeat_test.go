package server_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT18AskedAgainRingsOnce: the first two alarms of what one person asks for go
// out at once; those that follow are held for less than a minute and told together,
// by name and number. Nothing of another person, of a graver severity or of
// something else waits for that.
func TestT18AskedAgainRingsOnce(t *testing.T) {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	line := server.LineOf(func() time.Time { return now })
	ann := line("request-made", "ann", "SEV2")
	goes := func(l server.Line, task, says string) {
		t.Helper()
		told, _, wait, and := l.Turn(task)
		if told || wait != 0 || and != says {
			t.Errorf("%s: told %v, waits %v, says %q, want %q", task, told, wait, and, says)
		}
		l.Sent(task)
	}
	holds := func(task string) {
		t.Helper()
		if told, _, wait, _ := ann.Turn(task); told || wait <= 0 || wait > 45*time.Second {
			t.Errorf("%s: told %v, waits %v", task, told, wait)
		}
	}
	goes(ann, "1", "")
	goes(ann, "2", " The same came 2 times since 03:00:00 UTC.")
	now = now.Add(10 * time.Second)
	for _, task := range []string{"3", "4", "5"} {
		holds(task)
	}
	goes(line("request-made", "bob", "SEV2"), "bob's", "")
	goes(line("request-made", "ann", "SEV1"), "graver", "")
	goes(line("request-over", "ann", "SEV2"), "another event", "")
	now = now.Add(41 * time.Second)
	if told, _, wait, and := ann.Turn("4"); told || wait != 0 || and != " The same came 5 times since 03:00:00 UTC; this tells of id-3, id-5 as well." {
		t.Errorf("told %v, waits %v, says %q", told, wait, and)
	}
	holds("6") // came while that was on its way: it was not told
	holds("3") // perhaps the channel does not take it
	ann.Sent("4")
	for _, task := range []string{"3", "5"} {
		if told, status, _, _ := ann.Turn(task); !told || status != 202 {
			t.Errorf("%s was told with another: %v, status %d", task, told, status)
		}
	}
	holds("6")
	now = now.Add(41 * time.Second)
	goes(ann, "6", " The same came 6 times since 03:00:00 UTC.")
	now = now.Add(11 * time.Minute) // of quiet
	goes(ann, "7", "")
}

// TestT67AFailedAlarmIsHeldByNobody: while a channel fails nothing of a line counts
// as told, and what it gives up is not told with another.
func TestT67AFailedAlarmIsHeldByNobody(t *testing.T) {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	ann := server.LineOf(func() time.Time { return now })("request-made", "ann", "SEV1")
	for _, task := range []string{"1", "2", "3"} {
		if _, _, wait, _ := ann.Turn(task); wait != 0 {
			t.Errorf("%s waits %v, and nothing was told yet", task, wait)
		}
		ann.Failed(task, task == "1")
	}
	now = now.Add(time.Minute)
	if _, _, wait, and := ann.Turn("2"); wait != 0 || !strings.Contains(and, "this tells of id-3 as well") || strings.Contains(and, "id-1") {
		t.Errorf("waits %v, says %q", wait, and)
	}
	ann.Failed("2", false)
	if told, _, _, _ := ann.Turn("3"); told {
		t.Error("told with an alarm that nobody got")
	}
}

// TestT18AskingInALoopAtARunningServer: ann asks and takes back, again and again.
// The channel hears of her twice and of bob at once; the approver's list has one
// row for what she asks for then.
func TestT18AskingInALoopAtARunningServer(t *testing.T) {
	to := &receiver{letGo: make(chan struct{})}
	close(to.letGo)
	pager := httptest.NewServer(to)
	defer pager.Close()
	r := run(t, config.Limits{}, channel(t, pager.URL))
	ann := r.from("127.0.0.1")
	for i := range 6 {
		_, id := r.say(ann, r.Ask("ann", "again "+strconv.Itoa(i)))
		r.say(ann, r.sign("ann", &statement.Withdraw{Of: id}))
	}
	r.say(ann, r.Ask("bob", "his"))
	heard := func(what string) (times int) {
		to.mu.Lock()
		defer to.mu.Unlock()
		for _, told := range to.told {
			if told == what {
				times++
			}
		}
		return times
	}
	for end := time.Now().Add(longest); heard("bob request.made") == 0 || heard("ann request.made") < 2 || heard("ann request.over") < 2; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("told: %v", to.told)
		}
	}
	time.Sleep(time.Second) // what would come at once has come
	if made, over := heard("ann request.made"), heard("ann request.over"); made != 2 || over != 2 {
		t.Errorf("ann's requests rang %d times, and their ends %d times", made, over)
	}
}
