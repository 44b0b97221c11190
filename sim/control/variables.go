package control

import "time"

// variables is a set of GraphQL variables. What is empty stays away, so that the schema's own defaults hold.
type variables map[string]any

func set[T comparable](v variables, name string, value T) {
	var zero T
	if value != zero {
		v[name] = value
	}
}

func (v variables) duration(name string, d time.Duration) {
	if d != 0 {
		v[name] = d.String()
	}
}

// optional is null for the empty string.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// list is never null, which a list of the schema must not be.
func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

func each[T, U any](items []T, convert func(T) U) []U {
	converted := make([]U, 0, len(items))
	for _, item := range items {
		converted = append(converted, convert(item))
	}
	return converted
}

func userVariables(u UserInput) variables {
	v := variables{"userName": u.UserName, "federated": u.Federated, "delegated": u.Delegated}
	set(v, "givenName", u.GivenName)
	set(v, "familyName", u.FamilyName)
	set(v, "displayName", u.DisplayName)
	set(v, "email", u.Email)
	set(v, "externalId", u.ExternalID)
	set(v, "password", u.Password.Reveal())
	if u.Active != nil {
		v["active"] = *u.Active
	}
	return v
}

func faultVariables(f FaultInput) variables {
	v := variables{"kind": f.Kind}
	set(v, "id", f.ID)
	set(v, "note", f.Note)
	if f.Latency != nil {
		v["latency"] = latencyVariables(*f.Latency)
	}
	set(v, "rate", f.Rate)
	set(v, "burst", f.Burst)
	set(v, "status", f.Status)
	set(v, "body", f.Body)
	set(v, "certificate", f.Certificate)
	set(v, "handshake", f.Handshake)
	set(v, "after", f.After)
	set(v, "all", f.All)
	v.duration("retryAfter", f.RetryAfter)
	if f.Share != nil {
		v["share"] = *f.Share
	}
	set(v, "first", f.First)
	set(v, "skip", f.Skip)
	set(v, "every", f.Every)
	v.duration("from", f.From)
	v.duration("until", f.Until)
	set(v, "route", f.Route)
	set(v, "user", f.User)
	set(v, "client", f.Client)
	return v
}

func latencyVariables(l LatencyInput) variables {
	v := variables{}
	v.duration("constant", l.Constant)
	v.duration("min", l.Min)
	v.duration("max", l.Max)
	v.duration("median", l.Median)
	v.duration("p95", l.P95)
	if len(l.Percentiles) > 0 {
		v["percentiles"] = each(l.Percentiles, func(p PercentileInput) variables {
			return variables{"percentile": p.Percentile, "value": p.Value.String()}
		})
	}
	return v
}

func clientVariables(c ClientInput) variables {
	return variables{"id": c.ID, "secret": c.Secret.Reveal(), "roles": list(c.Roles), "scopes": list(c.Scopes), "grants": list(c.Grants)}
}

func logInVariables(l LogInInput) variables {
	return variables{"userName": l.UserName, "password": l.Password.Reveal()}
}

func passwordChangeVariables(c PasswordChangeInput) variables {
	v := variables{"userName": c.UserName, "password": c.Password.Reveal()}
	set(v, "old", c.Old.Reveal())
	return v
}

func (q JournalQuery) variables() variables {
	v := variables{}
	set(v, "target", q.Target)
	set(v, "user", q.User)
	set(v, "client", q.Client)
	set(v, "method", q.Method)
	set(v, "route", q.Route)
	set(v, "path", q.Path)
	set(v, "operation", q.Operation)
	set(v, "outcome", q.Outcome)
	set(v, "reason", q.Reason)
	set(v, "fault", q.Fault)
	set(v, "token", q.Token)
	set(v, "status", q.Status)
	set(v, "statusMin", q.StatusMin)
	set(v, "statusMax", q.StatusMax)
	set(v, "surprise", q.Surprise)
	set(v, "after", q.After)
	set(v, "first", q.First)
	return v
}
