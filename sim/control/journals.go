package control

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func (q query) Journal(_ context.Context, target, user, client, method, route, path, operation, outcome, reason, fault,
	token *string, status, statusMin, statusMax *int, surprise *bool, after *uint64, first int,
) (Journal, error) {
	if target != nil {
		if _, err := q.find(*target); err != nil {
			return Journal{}, err
		}
	}
	if first < 0 {
		return Journal{}, fmt.Errorf("first: %d is below 0", first)
	}
	page := q.journal.Search(journal.Query{
		Target: value(target), User: value(user), Client: value(client), Method: value(method), Route: value(route),
		Path: value(path), Operation: value(operation), Outcome: value(outcome), Reason: value(reason),
		Fault: value(fault), Token: value(token), Status: value(status), StatusMin: value(statusMin),
		StatusMax: value(statusMax), Surprise: value(surprise), After: value(after), Limit: max(first, 1),
	})
	entries := page.Entries[:min(first, len(page.Entries))] // the journal's own limit of 0 would be no limit
	return Journal{Total: page.Total, Dropped: page.Dropped, Last: page.Last, Entries: each(entries, toEntry)}, nil
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// PasswordWrites finds the attempts among three operations: a password comes with a write of its own, with a creation, or
// in an update. What is recorded while it looks is left for the next page, or a caller who goes on after the last
// sequence number could miss a write that slipped in before it.
func (q query) PasswordWrites(_ context.Context, target string, user *string, after *uint64, first int) (PasswordWrites, error) {
	if _, err := q.find(target); err != nil {
		return PasswordWrites{}, err
	}
	if first < 1 {
		return PasswordWrites{}, fmt.Errorf("first: %d is below 1", first)
	}
	wanted := journal.Query{Target: target, User: value(user), After: value(after), Limit: first}
	now := q.journal.Search(journal.Query{After: math.MaxUint64})
	var found []journal.Entry
	for _, operation := range []string{"write_password", "create", "update"} {
		wanted.Operation = operation
		found = append(found, q.search(wanted, func(e journal.Entry) bool {
			return e.Sequence <= now.Last && (operation == "write_password" || !e.Password.IsZero())
		})...)
	}
	slices.SortFunc(found, func(a, b journal.Entry) int { return cmp.Compare(a.Sequence, b.Sequence) })
	found = found[:min(first, len(found))]
	return PasswordWrites{Dropped: now.Dropped, Last: now.Last, Writes: each(found, toWrite)}, nil
}

// search finds the first entries, as many as the query's limit, that are also to be kept.
func (q query) search(wanted journal.Query, keep func(journal.Entry) bool) []journal.Entry {
	var found []journal.Entry
	for {
		page := q.journal.Search(wanted)
		for _, e := range page.Entries {
			if keep(e) {
				found = append(found, e)
			}
		}
		if len(found) >= wanted.Limit || len(page.Entries) < wanted.Limit {
			return found
		}
		wanted.After = page.Entries[len(page.Entries)-1].Sequence
	}
}

func toEntry(e journal.Entry) Entry {
	return Entry{
		Sequence: e.Sequence, Target: e.Target, Client: e.Client, User: e.User, Method: e.Method, Path: e.Path, Query: e.Query,
		Route: e.Route, Received: e.Received, Answered: e.Answered, Protocol: string(e.Protocol), Status: e.Status, Lost: e.Lost, Faults: list(e.Faults),
		Token: e.Token, Operation: e.Operation, Outcome: e.Outcome, Reason: e.Reason, Digest: digest(e.Password),
		Surprise: e.Surprise, RequestHeaders: header(e.RequestHeaders.Map()), ResponseHeaders: header(e.ResponseHeaders.Map()),
		RequestBody: e.RequestBody, ResponseBody: e.ResponseBody,
	}
}

func toWrite(e journal.Entry) PasswordWrite {
	return PasswordWrite{
		Sequence: e.Sequence, User: e.User, Client: e.Client, Digest: digest(e.Password), Outcome: e.Outcome, Reason: e.Reason,
		Status: e.Status, Lost: e.Lost, Received: e.Received, Answered: e.Answered, Route: e.Route,
	}
}

func digest(d secret.Digest) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// header is never null, which the schema would not have.
func header(h http.Header) http.Header {
	if h == nil {
		return http.Header{}
	}
	return h
}
