package rest

import (
	"fmt"
	"net/http"

	"github.com/seatrial/seatrial/syncer/target"
)

// Verdict is what a reply means.
type Verdict struct {
	Class     target.Class
	Reason    target.Reason
	Unsettled bool // a write that may have been applied all the same
}

// Sure is a verdict that leaves nothing open.
func Sure(c target.Class, r target.Reason) Verdict { return Verdict{Class: c, Reason: r} }

// Unsure is the verdict on a write that may have been applied all the same.
func Unsure(c target.Class, r target.Reason) Verdict {
	return Verdict{Class: c, Reason: r, Unsettled: true}
}

// Row says what a reply means. Empty fields match anything.
type Row struct {
	Call    Call
	Status  int
	Through int    // end of a range of status that starts with Status
	Code    string // the vendor's code of what went wrong
	HTML    bool   // the reply is a web page: a gateway's, not the target's
	Verdict Verdict
	Source  string
}

// Table is the one place where the answers of a vendor get their meaning: the first row that matches decides.
type Table struct {
	Rows []Row
	// Code finds the vendor's code in an answer, in a form that the log may show; "" is none.
	Code func(r Reply) string
}

// Judge gives a reply its meaning.
func (t *Table) Judge(c Call, r Reply) Verdict {
	if r.Status == 0 {
		return broken(c, r.Err, r.Sent)
	}
	code := t.code(r)
	for _, row := range t.Rows {
		if row.matches(c, r, code) {
			v := row.Verdict
			v.Unsettled = v.Unsettled && c&CallWrite != 0
			return v
		}
	}
	return Verdict{Class: target.Transient, Reason: target.Unavailable, Unsettled: c&CallWrite != 0}
}

// refused tells whether a reply is about our token. A 401 may have another reason, which its code tells.
func (t *Table) refused(r Reply) bool {
	return r.Status == http.StatusUnauthorized && t.Judge(0, r).Class == target.Credential
}

func (row Row) matches(c Call, r Reply, code string) bool {
	return (row.Call == 0 || row.Call&c != 0) && r.Status >= row.Status && r.Status <= max(row.Status, row.Through) &&
		(!row.HTML || r.HTML) && (row.Code == "" || row.Code == code)
}

// code leaves what went well alone: its body, the user as he is now, is long.
func (t *Table) code(r Reply) string {
	if r.Status < 300 {
		return ""
	}
	return t.Code(r)
}

// Detail is what the log may say about a reply.
func (t *Table) Detail(c Call, r Reply) string {
	if r.Status == 0 && r.Err != nil {
		return fmt.Sprintf("%s: %v", c, PlainError(r.Err))
	}
	if code := t.code(r); code != "" {
		return fmt.Sprintf("%s: %d %s", c, r.Status, code)
	}
	return fmt.Sprintf("%s: %d", c, r.Status)
}
