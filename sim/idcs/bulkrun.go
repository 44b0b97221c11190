package idcs

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// bulkRun is a Bulk at work. Each operation is a request of its own, with its roles, faults and entry in the journal, so that
// a password within a Bulk is seen as any other is. Only the gateway's limits do not count it: those are for calls.
type bulkRun struct {
	*call
	// inner takes the entries until it is known whether the answer gets out: a client that does not hear of the Bulk has not
	// heard of any of its operations.
	inner   *journal.Journal
	handler http.Handler
	created map[string]string // ids by bulkId
}

// carryOut returns what became of the operations, up to the one with which the errors were enough.
func (c *call) carryOut(operations []bulkOperation, failOnErrors int) []any {
	run := &bulkRun{call: c, inner: journal.New(len(operations), c.s.kernel.Digester), created: map[string]string{}}
	run.handler = run.inner.Wrap(name, c.s.identify(c.s.faults.Wrap(vendor{c.s}, http.HandlerFunc(run.serveInner))))
	finished := false
	// A fault may cut an operation, and with it the whole call.
	defer func() { run.record(!finished || c.x.Lost) }()
	results := make([]any, 0, len(operations))
	failures := 0
	for i := range operations {
		result, ok := run.one(operations[i])
		results = append(results, result)
		if !ok {
			if failures++; failures == failOnErrors {
				break
			}
		}
	}
	finished = true
	return results
}

// record hands the entries to the journal. With the answer lost, so are theirs.
func (run *bulkRun) record(lost bool) {
	now := time.Now()
	for _, e := range run.inner.Search(journal.Query{}).Entries {
		e.Answered = now
		if lost && e.Status != 0 {
			e.Lost, e.Status, e.ResponseHeaders, e.ResponseBody = true, 0, "", ""
		}
		run.s.kernel.Journal.Record(e)
	}
}

// serveInner is Server.serve in the execution context of the outer request: they have one ECID.
func (run *bulkRun) serveInner(w http.ResponseWriter, r *http.Request) {
	c := run.s.newCall(w, r)
	c.ecid = run.ecid
	if err := c.serve(); err != nil {
		c.refuse(err)
	}
}

// one carries out one operation and returns its part of the answer; ok is false when it was refused.
func (run *bulkRun) one(o bulkOperation) (result map[string]any, ok bool) {
	result = map[string]any{"method": o.method}
	if o.bulkID != "" {
		result["bulkId"] = o.bulkID
	}
	path, data, err := run.resolve(o)
	if err != nil {
		result["status"], result["response"] = strconv.Itoa(err.statusCode()), json.RawMessage(err.body())
		return result, false
	}
	w := &recorder{header: http.Header{}}
	run.handler.ServeHTTP(w, run.request(o, path, data))
	if w.status == 0 {
		w.status = http.StatusOK
	}
	result["status"] = strconv.Itoa(w.status)
	location := run.base + path.Path
	if o.method == http.MethodPost {
		location = w.header.Get("Location")
	}
	if location != "" {
		result["location"] = location
	}
	if w.status >= http.StatusBadRequest {
		result["response"] = w.body.String() // a page of HTML
		if json.Valid(w.body.Bytes()) {
			result["response"] = json.RawMessage(w.body.Bytes())
		}
		return result, false
	}
	if o.bulkID != "" {
		var made struct {
			ID string `json:"id"`
		}
		// What has no id cannot be referred to.
		_ = json.Unmarshal(w.body.Bytes(), &made)
		run.created[o.bulkID] = made.ID
	}
	return result, true
}

// resolve puts ids in the place of references to earlier operations.
func (run *bulkRun) resolve(o bulkOperation) (*url.URL, []byte, *refusal) {
	path, err := url.Parse(adminPath + o.path)
	if err != nil { // it was judged before
		return nil, nil, refuse(invalidValue, "path", "it is no path")
	}
	parts := strings.Split(path.Path, "/")
	for i, part := range parts {
		id, err := run.id(part)
		if err != nil {
			return nil, nil, err
		}
		parts[i] = id
	}
	path.Path, path.RawPath = strings.Join(parts, "/"), ""
	if o.data == nil {
		return path, nil, nil
	}
	resolved, refused := run.references(o.data)
	if refused != nil {
		return nil, nil, refused
	}
	data, err := encode(nil, resolved)
	if err != nil { // it came as JSON
		return nil, nil, refuse(malformedJSON, "data")
	}
	return path, data, nil
}

func (run *bulkRun) id(text string) (string, *refusal) {
	bulkID, ok := strings.CutPrefix(text, bulkMark)
	if !ok {
		return text, nil
	}
	id := run.created[bulkID]
	if id == "" {
		return "", refuse(bulkReference, text)
	}
	return id, nil
}

// references returns the value with ids in it. What may be a secret is not looked at.
func (run *bulkRun) references(value any) (any, *refusal) {
	switch v := value.(type) {
	case string:
		return run.id(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			var err *refusal
			if list[i], err = run.references(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		m := make(map[string]any, len(v))
		path, _ := member(v, "path").(string)
		for key, item := range v {
			m[key] = item
			if secretName(key) || secretName(path) {
				continue
			}
			var err *refusal
			if m[key], err = run.references(item); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
	return value, nil
}

// request is an operation as a request.
func (run *bulkRun) request(o bulkOperation, path *url.URL, data []byte) *http.Request {
	r := run.r.Clone(run.r.Context())
	r.Method, r.URL, r.RequestURI = o.method, path, path.RequestURI()
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(data)), int64(len(data)), nil
	r.Header.Del("If-Match")
	if o.version != "" {
		r.Header.Set("If-Match", o.version)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Length", strconv.Itoa(len(data)))
	return r
}

// recorder keeps an answer. It is no connection: a fault that would cut one ends the whole call.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}
