package hook

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

const (
	defaultParked = 1000
	maxParked     = 10_000
)

func (h *handler) parked(w http.ResponseWriter, r *http.Request) {
	s, err := selection(r.URL.Query())
	if err != nil {
		refuseField(w, err)
		return
	}
	list, err := h.engine.Parked(r.Context(), s)
	if err != nil {
		h.refuseParked(r.Context(), w, err)
		return
	}
	if list == nil {
		list = []ParkedChange{}
	}
	reply(w, http.StatusOK, map[string]any{"parked": list})
}

func selection(query url.Values) (Selection, error) {
	s := Selection{Limit: defaultParked}
	for name, values := range query {
		switch name {
		case "reason":
			s.Reason = values[0]
		case "user":
			s.UserName = values[0]
		case "after":
			s.After = values[0]
		case "limit":
			n, err := number(name, values[0])
			if err != nil || n == 0 {
				return s, wrong(name, "limit is not a number above 0")
			}
			s.Limit = int(min(n, maxParked))
		default:
			return s, wrong(clip(name), "the query knows reason, user, after and limit")
		}
	}
	return s, nil
}

func (h *handler) parkedChange(w http.ResponseWriter, r *http.Request) {
	c, err := h.engine.ParkedChange(r.Context(), r.PathValue("id"))
	if err != nil {
		h.refuseParked(r.Context(), w, err)
		return
	}
	reply(w, http.StatusOK, c)
}

// A caller who hangs up does not undo a replay or a purge that has begun.
func (h *handler) replay(w http.ResponseWriter, r *http.Request) {
	receipt, err := h.engine.Replay(context.WithoutCancel(r.Context()), r.PathValue("id"))
	if err != nil {
		h.refuseParked(r.Context(), w, err)
		return
	}
	reply(w, http.StatusAccepted, receipt)
}

func (h *handler) purge(w http.ResponseWriter, r *http.Request) {
	if err := h.engine.Purge(context.WithoutCancel(r.Context()), r.PathValue("id")); err != nil {
		h.refuseParked(r.Context(), w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *handler) refuseParked(ctx context.Context, w http.ResponseWriter, err error) {
	conflict, ok := errors.AsType[*ConflictError](err)
	switch {
	case errors.Is(err, ErrNotParked):
		refuse(w, http.StatusNotFound, "", ErrNotParked.Error())
	case ok:
		reply(w, http.StatusConflict, map[string]string{"error": conflict.Text, "reason": conflict.Reason})
	case errors.Is(err, ErrStandby):
		refuse(w, http.StatusServiceUnavailable, "", ErrStandby.Error())
	default:
		h.log.ErrorContext(ctx, "the parked changes cannot be reached", "error", err)
		w.Header().Set("Retry-After", retryAfter)
		refuse(w, http.StatusServiceUnavailable, "", "the parked changes cannot be reached, try again")
	}
}
