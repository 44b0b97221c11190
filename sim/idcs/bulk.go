package idcs

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	bulkPath  = "/admin/v1/Bulk"
	adminPath = "/admin/v1"
	// bulkMark begins a reference to what an earlier operation has created (RFC 7644, 3.7.2).
	bulkMark = "bulkId:"
)

// mountBulk is Bulk. Every client may send one; each operation in it is judged by itself (Oracle, AppRole Permissions).
func mountBulk(t table) {
	t.add(http.MethodPost, bulkPath, "bulk", everyClient, (*call).serveBulk)
}

var bulkRequest = newSchema(scim.BulkRequestURN, []attribute{
	{name: "schemas", kind: text, many: true},
	one(number, "failOnErrors"),
	listOf("Operations", one(text, "method"), one(text, "path"), one(text, "bulkId"), one(text, "version"), one(anything, "data")),
}, nil, nil)

// bulkOperation is one request within a Bulk.
type bulkOperation struct {
	method, path, bulkID, version string
	data                          any
}

// serveBulk carries out the operations one after the other, each as a request of its own. The outer status is 201 whatever
// becomes of them (Oracle, idm-samples, IDCS REST Postman collection).
func (c *call) serveBulk() error {
	if c.s.is(bulkAtOnce, "one") {
		if !c.s.bulk.CompareAndSwap(false, true) {
			return refuse(bulkRunning)
		}
		defer c.s.bulk.Store(false)
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	m, err := decodeObject(body)
	if err != nil {
		return err
	}
	nameSecrets(c.x, m, false)
	namePatchSecrets(c.x, m)
	c.x.ShowBodies()
	operations, failOnErrors, err := readBulk(m)
	if err != nil {
		return err
	}
	if limit := c.s.bulkLimit(); len(operations) > limit {
		return refuse(tooManyOperations, len(operations), limit)
	}
	return c.sendJSON(http.StatusCreated, map[string]any{
		"schemas": []any{scim.BulkResponseURN}, "Operations": c.carryOut(operations, failOnErrors),
	})
}

// bulkLimit is how many operations a Bulk may have.
func (s *Server) bulkLimit() int {
	n, err := strconv.Atoi(s.switches.Value(bulkLimit))
	if err != nil { // the options are numbers
		return 0
	}
	return n
}

// namePatchSecrets tells the journal what a PATCH within the body sets a secret to: there the value's key is "value".
func namePatchSecrets(x *journal.Exchange, value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			namePatchSecrets(x, item)
		}
	case map[string]any:
		if path, ok := member(v, "path").(string); ok && secretName(path) {
			nameSecrets(x, member(v, "value"), true)
		}
		for _, item := range v {
			namePatchSecrets(x, item)
		}
	}
}

// readBulk judges a Bulk as a whole: with a mistake in its form, nothing of it is carried out.
func readBulk(m map[string]any) (operations []bulkOperation, failOnErrors int, err error) {
	if err := requireSchema(m, scim.BulkRequestURN); err != nil {
		return nil, 0, err
	}
	if err := checkTypes(m, bulkRequest); err != nil {
		return nil, 0, err
	}
	if n, ok := member(m, "failOnErrors").(float64); ok {
		if failOnErrors = int(n); n < 1 || float64(failOnErrors) != n {
			return nil, 0, refuse(invalidValue, "failOnErrors", "it is a number of errors, from 1")
		}
	}
	list, _ := member(m, "Operations").([]any)
	if len(list) == 0 {
		return nil, 0, refuse(missingAttributes, "Operations")
	}
	seen := map[string]bool{}
	for i, item := range list {
		content, _ := item.(map[string]any)
		o := bulkOperation{
			method: strings.ToUpper(textOf(member(content, "method"))), path: textOf(member(content, "path")),
			bulkID: textOf(member(content, "bulkId")), version: textOf(member(content, "version")), data: member(content, "data"),
		}
		if err := o.check(fmt.Sprintf("Operations[%d]", i)); err != nil {
			return nil, 0, err
		}
		if o.bulkID != "" && seen[o.bulkID] {
			return nil, 0, refuse(invalidValue, fmt.Sprintf("Operations[%d].bulkId", i), "it is there twice")
		}
		seen[o.bulkID] = true
		operations = append(operations, o)
	}
	return operations, failOnErrors, nil
}

func (o *bulkOperation) check(at string) error {
	switch {
	case o.method == "" || o.path == "":
		return refuse(missingAttributes, at+".method,path")
	case !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, o.method):
		return refuse(invalidValue, at+".method", "there are POST, PUT, PATCH and DELETE")
	case o.data == nil && o.method != http.MethodDelete:
		return refuse(missingAttributes, at+".data")
	}
	u, err := url.Parse(o.path)
	if err != nil || !strings.HasPrefix(o.path, "/") || u.Host != "" || strings.HasPrefix(u.Path, adminPath+"/") {
		return refuse(invalidValue, at+".path", "it is relative to /admin/v1: /Users/{id}")
	}
	if adminPath+u.Path == bulkPath {
		return refuse(invalidValue, at+".path", "a bulk request holds no other")
	}
	return nil
}
