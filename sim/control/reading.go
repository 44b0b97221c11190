package control

import "context"

const entryFields = `{ sequence target client user method path query route received answered protocol status lost faults token operation
	outcome reason digest surprise requestHeaders responseHeaders requestBody responseBody }`

const writeFields = `{ sequence user client digest outcome reason status lost received answered route }`

// JournalQuery selects entries of the journal; an empty field selects all. First is at most how many come back (100 when
// zero), after the sequence number After.
type JournalQuery struct {
	Target, User, Client, Method, Route, Path string
	Operation, Outcome, Reason, Fault, Token  string
	Status, StatusMin, StatusMax              int
	Surprise                                  bool
	After                                     uint64
	First                                     int
}

// JournalPage reads one page of the journal.
func (c *Client) JournalPage(ctx context.Context, q JournalQuery) (Journal, error) {
	var data struct{ Journal Journal }
	err := c.Do(ctx, `query($target: String, $user: String, $client: String, $method: String, $route: String, $path: String,
		$operation: String, $outcome: String, $reason: String, $fault: String, $token: String, $status: Int,
		$statusMin: Int, $statusMax: Int, $surprise: Boolean, $after: Count, $first: Int! = 100) {
		journal(target: $target, user: $user, client: $client, method: $method, route: $route, path: $path,
			operation: $operation, outcome: $outcome, reason: $reason, fault: $fault, token: $token, status: $status,
			statusMin: $statusMin, statusMax: $statusMax, surprise: $surprise, after: $after, first: $first)
		{ total dropped last entries `+entryFields+` } }`, q.variables(), &data)
	return data.Journal, err
}

// JournalAll reads every entry that the query selects, in as many requests as it takes.
func (c *Client) JournalAll(ctx context.Context, q JournalQuery) (Journal, error) {
	q.First = c.page
	var all Journal
	for {
		page, err := c.JournalPage(ctx, q)
		if err != nil {
			return Journal{}, err
		}
		entries := append(all.Entries, page.Entries...)
		all, all.Entries = page, entries
		if len(page.Entries) < c.page {
			return all, nil
		}
		q.After = page.Entries[len(page.Entries)-1].Sequence
	}
}

// PasswordWrites reads every attempt to write a password, in as many requests as it takes.
func (c *Client) PasswordWrites(ctx context.Context, target string) (PasswordWrites, error) {
	var all PasswordWrites
	after := uint64(0)
	for {
		var data struct{ PasswordWrites PasswordWrites }
		err := c.Do(ctx, `query($target: String!, $after: Count, $first: Int!) {
			passwordWrites(target: $target, after: $after, first: $first) { dropped last writes `+writeFields+` } }`,
			map[string]any{"target": target, "after": after, "first": c.page}, &data)
		if err != nil {
			return PasswordWrites{}, err
		}
		page := data.PasswordWrites
		writes := append(all.Writes, page.Writes...)
		all, all.Writes = page, writes
		if len(page.Writes) < c.page {
			return all, nil
		}
		after = page.Writes[len(page.Writes)-1].Sequence
	}
}
