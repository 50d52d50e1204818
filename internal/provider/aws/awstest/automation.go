package awstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// RunDocument is a version of a document of Automation: it opens in one step, waits for
// the instant that a parameter says, and closes in another, on every way out.
type RunDocument struct {
	Name, Version, Content, Format, Status string // a format and a status that are empty: YAML, and Active
	Opens, Closes, Until                   string // steps, and the parameter; empty: it waits to be cancelled
	Takes                                  []string
}

// Execution is one execution of a document.
type Execution struct {
	ID, Document, Version, By string
	Parameters                map[string][]string
	Tags                      map[string]string
	Status                    string
	Standing                  bool // what it opens stands open

	of                 RunDocument
	token              string
	left, unseen       int // calls until the next step is done, and until lists show it
	cancelled          bool
	opens, closes      runStep
	started, completed time.Time
}

type runStep struct {
	status       string // empty: it has not begun
	began, ended time.Time
}

// automations are the documents, and what runs. It moves on by one step with each call
// that arrives.
type automations struct {
	documents  []RunDocument
	executions []*Execution
	steps      int    // that a step takes
	late       int    // calls until lists show a new execution
	by         string // who is said to have started them; empty: who did
	failing    map[string]bool
	watch      func(Execution)
}

// AddDocument makes a version of a document, or replaces it.
func (d *Double) AddDocument(of RunDocument) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs.documents = slices.DeleteFunc(d.runs.documents, func(had RunDocument) bool { return had.Name == of.Name && had.Version == of.Version })
	d.runs.documents = append(d.runs.documents, of)
}

// Runs says how many calls a step takes, and how many until lists show an execution.
func (d *Double) Runs(steps, late int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs.steps, d.runs.late = steps, late
}

// RunsAre has executions that start from now on be said to be by somebody.
func (d *Double) RunsAre(by string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs.by = by
}

// FailStep has steps of a name fail from now on, without effect; or no more.
func (d *Double) FailStep(name string, fails bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.runs.failing == nil {
		d.runs.failing = map[string]bool{}
	}
	d.runs.failing[name] = fails
}

// Executions are all that were ever started, oldest first.
func (d *Double) Executions() []Execution {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Execution, 0, len(d.runs.executions))
	for _, e := range d.runs.executions {
		all = append(all, *e)
	}
	return all
}

// Forget loses an execution, as Systems Manager does after a month.
func (d *Double) Forget(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs.executions = slices.DeleteFunc(d.runs.executions, func(e *Execution) bool { return e.ID == id })
}

// WatchRuns is called, with the double at rest, when an execution opened or closed. It
// must not call the double.
func (d *Double) WatchRuns(changed func(Execution)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs.watch = changed
}

// PassRuns has all executions move on by a call.
func (d *Double) PassRuns() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passRuns()
}

// over tells whether nothing of an execution runs any more.
func (e *Execution) over() bool { return !e.completed.IsZero() }

// Over tells whether nothing of an execution runs any more.
func (e Execution) Over() bool { return e.over() }

func (d *Double) passRuns() {
	now := d.now()
	for _, e := range d.runs.executions {
		if e.unseen > 0 {
			e.unseen--
		}
		if e.over() {
			continue
		}
		if e.left > 0 {
			e.left--
		}
		d.passRun(e, now)
	}
}

// passRun moves an execution on: open, wait, close, whichever way.
func (d *Double) passRun(e *Execution, now time.Time) {
	fails := func(step string) string {
		if d.runs.failing[step] {
			return "Failed"
		}
		return "Success"
	}
	changed := func(stands bool) {
		e.Standing = stands
		if d.runs.watch != nil {
			d.runs.watch(*e)
		}
	}
	begins := func() { e.closes, e.left = runStep{status: "InProgress", began: now}, d.runs.steps }
	switch {
	case e.closes.status != "" && e.left > 0, e.opens.status == "InProgress" && e.left > 0 && !e.cancelled:
	case e.closes.status != "":
		e.closes.status, e.closes.ended, e.completed = fails(e.of.Closes), now, now
		if e.closes.status == "Success" && e.Standing {
			changed(false)
		}
		switch {
		case e.cancelled:
			e.Status = "Cancelled"
		case e.closes.status == "Failed" || e.opens.status == "Failed":
			e.Status = "Failed"
		default:
			e.Status = "Success"
		}
	case e.opens.status == "InProgress":
		e.opens.ended = now
		if e.opens.status = fails(e.of.Opens); e.opens.status == "Success" {
			changed(true) // also when it is cancelled: the call had gone out
		}
		if e.cancelled || e.opens.status == "Failed" {
			begins()
		}
	case e.cancelled || e.waited(now):
		begins()
	}
}

// waited tells whether the wait of an execution is over.
func (e *Execution) waited(now time.Time) bool {
	if values := e.Parameters[e.of.Until]; len(values) == 1 {
		until, err := time.Parse("2006-01-02T15:04:05Z", values[0])
		return err == nil && !now.Before(until)
	}
	return false
}

// runInput is what the calls send.
type runInput struct {
	Name, DocumentName, DocumentVersion, DocumentFormat string
	ClientToken, AutomationExecutionId, Type            string
	Parameters                                          map[string][]string
	Tags                                                []struct{ Key, Value string }
	Filters                                             []struct {
		Key    string
		Values []string
	}
	NextToken  string
	MaxResults int
}

// automation answers for documents and executions.
func (c *request) automation(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	var in runInput
	if err := json.Unmarshal(c.body, &in); err != nil || no != fine || s == nil {
		c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
		return
	}
	c.d.passRuns()
	var e *Execution
	if i := slices.IndexFunc(c.d.runs.executions, func(e *Execution) bool { return e.ID == in.AutomationExecutionId }); i >= 0 {
		e = c.d.runs.executions[i]
	}
	tags := facts{}
	if e != nil {
		for key, value := range e.Tags {
			tags["aws:resourcetag/"+key] = value
		}
	}
	document := c.document(in)
	switch {
	case !c.mayRun(s, in, tags):
		c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
	case strings.HasSuffix(c.action, "Document"):
		c.showDocument(w, document, in)
	case c.action == "StartAutomationExecution":
		c.startRun(w, document, in, s)
	case c.action == "DescribeAutomationExecutions":
		c.listRuns(w, in)
	case e == nil:
		c.fail(w, refusal{http.StatusBadRequest, "AutomationExecutionNotFoundException"})
	case c.action == "GetAutomationExecution":
		c.object(w, map[string]any{"AutomationExecution": e.shown()})
	case in.Type != "Cancel":
		c.d.t.Errorf("an execution was stopped with %q, which closes nothing", in.Type)
		c.fail(w, refusal{http.StatusBadRequest, "InvalidAutomationStatusUpdateException"})
	case e.over() || e.cancelled:
		c.fail(w, refusal{http.StatusBadRequest, "InvalidAutomationStatusUpdateException"})
	case e.closes.status != "": // who cancels now cancels the closing
		e.cancelled, e.Status, e.closes.status, e.closes.ended, e.completed = true, "Cancelled", "Cancelled", c.d.now(), c.d.now()
		c.object(w, map[string]any{})
	default:
		e.cancelled, e.Status = true, "Cancelling"
		c.object(w, map[string]any{})
	}
}

// mayRun tells whether a session may do what is asked.
func (c *request) mayRun(s *Session, in runInput, tags facts) bool {
	at := "arn:aws:ssm:" + c.region + ":" + strings.Split(s.Role, ":")[4] + ":"
	may := func(resource string, more facts) bool { return c.may(s, "ssm:"+c.action, resource, more) }
	switch c.action {
	case "DescribeDocument", "GetDocument":
		return may(at+"document/"+in.Name, nil)
	case "DescribeAutomationExecutions":
		return may("*", nil)
	case "StartAutomationExecution":
		asked := facts{}
		for _, tag := range in.Tags {
			asked["aws:requesttag/"+strings.ToLower(tag.Key)] = tag.Value
		}
		return may(at+"automation-definition/"+in.DocumentName+":"+in.DocumentVersion, nil) && may(at+"document/"+in.DocumentName, nil) &&
			c.may(s, "ssm:AddTagsToResource", at+"automation-execution/new", asked)
	}
	return may(at+"automation-execution/"+in.AutomationExecutionId, tags)
}

// document is the version that a call names, nil if there is none.
func (c *request) document(in runInput) *RunDocument {
	name := in.Name + in.DocumentName
	i := slices.IndexFunc(c.d.runs.documents, func(d RunDocument) bool { return d.Name == name && d.Version == in.DocumentVersion })
	if i < 0 {
		return nil
	}
	return &c.d.runs.documents[i]
}

func (c *request) showDocument(w http.ResponseWriter, of *RunDocument, in runInput) {
	if of == nil {
		c.fail(w, refusal{http.StatusBadRequest, "InvalidDocument"})
		return
	}
	format, status := of.Format, of.Status
	if format == "" {
		format = "YAML"
	}
	if status == "" {
		status = "Active"
	}
	if c.action == "DescribeDocument" {
		c.object(w, map[string]any{"Document": map[string]any{"Name": of.Name, "DocumentVersion": of.Version, "DocumentType": "Automation", "DocumentFormat": format, "Status": status}})
		return
	}
	content := of.Content
	if in.DocumentFormat != format {
		content = "{}" // written anew in another format
	}
	c.object(w, map[string]any{"Name": of.Name, "DocumentVersion": of.Version, "DocumentType": "Automation", "DocumentFormat": in.DocumentFormat, "Content": content})
}

// startRun starts an execution, once for each token.
func (c *request) startRun(w http.ResponseWriter, of *RunDocument, in runInput, s *Session) {
	runs := &c.d.runs
	i := slices.IndexFunc(runs.executions, func(e *Execution) bool { return e.token == in.ClientToken })
	takes := func(name string) bool { return of != nil && slices.Contains(of.Takes, name) }
	switch {
	case of == nil:
		c.fail(w, refusal{http.StatusBadRequest, "AutomationDefinitionNotFoundException"})
		return
	case len(in.ClientToken) != 36 || strings.Count(in.ClientToken, "-") != 4:
		c.fail(w, refusal{http.StatusBadRequest, "ValidationException"})
		return
	case !slices.ContainsFunc(slices.Collect(maps.Keys(in.Parameters)), takes) && len(of.Takes) > 0, len(in.Parameters) != len(of.Takes):
		c.fail(w, refusal{http.StatusBadRequest, "InvalidAutomationExecutionParametersException"})
		return
	case i >= 0 && !maps.EqualFunc(runs.executions[i].Parameters, in.Parameters, slices.Equal):
		c.fail(w, refusal{http.StatusBadRequest, "IdempotentParameterMismatch"})
		return
	}
	if i < 0 {
		e := &Execution{
			ID: fmt.Sprintf("00000000-0000-4000-8000-%s", c.d.next("")), Document: of.Name, Version: of.Version, By: assumed(*s), Parameters: in.Parameters, Tags: map[string]string{},
			Status: "InProgress", of: *of, token: in.ClientToken, left: runs.steps, unseen: runs.late, started: c.d.now(), opens: runStep{status: "InProgress", began: c.d.now()},
		}
		if runs.by != "" {
			e.By = runs.by
		}
		for _, tag := range in.Tags {
			e.Tags[strings.ToLower(tag.Key)] = tag.Value
		}
		runs.executions, i = append(runs.executions, e), len(runs.executions)
	}
	c.object(w, map[string]any{"AutomationExecutionId": runs.executions[i].ID})
}

// listRuns gives a page, newest first.
func (c *request) listRuns(w http.ResponseWriter, in runInput) {
	from := 0
	if in.NextToken != "" {
		var err error
		if from, err = strconv.Atoi(in.NextToken); err != nil {
			c.fail(w, refusal{http.StatusBadRequest, "InvalidNextToken"})
			return
		}
	}
	list, out := []map[string]any{}, map[string]any{}
	for i, e := range slices.Backward(c.d.runs.executions) {
		at := len(c.d.runs.executions) - 1 - i
		if at < from || e.unseen > 0 || slices.ContainsFunc(in.Filters, func(f struct {
			Key    string
			Values []string
		}) bool {
			return f.Key != "DocumentNamePrefix" || !strings.HasPrefix(e.Document, f.Values[0])
		}) {
			continue
		}
		if len(list) == page {
			out["NextToken"] = strconv.Itoa(at)
			break
		}
		list = append(list, map[string]any{"AutomationExecutionId": e.ID, "DocumentName": e.Document, "DocumentVersion": e.Version,
			"AutomationExecutionStatus": e.Status, "ExecutedBy": e.By, "ExecutionStartTime": seconds(e.started)})
	}
	out["AutomationExecutionMetadataList"] = list
	c.object(w, out)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// shown is an execution as a call gives it.
func (e *Execution) shown() map[string]any {
	step := func(name string, s runStep) map[string]any {
		v := map[string]any{"StepName": name, "StepStatus": "Pending"}
		if s.status != "" {
			v["StepStatus"], v["ExecutionStartTime"] = s.status, seconds(s.began)
		}
		if !s.ended.IsZero() {
			v["ExecutionEndTime"] = seconds(s.ended)
		}
		return v
	}
	return map[string]any{
		"AutomationExecutionId": e.ID, "DocumentName": e.Document, "DocumentVersion": e.Version, "AutomationExecutionStatus": e.Status, "ExecutedBy": e.By,
		"ExecutionStartTime": seconds(e.started), "Parameters": e.Parameters, "StepExecutions": []any{step(e.of.Opens, e.opens), step(e.of.Closes, e.closes)},
	}
}
