package hook

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
)

// retryAfter is what a caller is told to wait when no change can be taken.
const retryAfter = "5"

const (
	defaultOutcomes = 1000
	maxOutcomes     = 10_000
)

// Handler serves the hook.
func Handler(c Config, e Engine, metrics http.Handler, log *slog.Logger) http.Handler {
	h := &handler{config: c, engine: e, log: log}
	mux := http.NewServeMux()
	mux.Handle("POST /v1/changes", h.guarded(h.submit))
	mux.Handle("GET /v1/changes/{id}", h.guarded(h.status))
	mux.Handle("GET /v1/outcomes", h.guarded(h.outcomes))
	mux.Handle("GET /v1/parked", h.guarded(h.parked))
	mux.Handle("GET /v1/parked/{id}", h.guarded(h.parkedChange))
	mux.Handle("POST /v1/parked/{id}/replay", h.guarded(h.replay))
	mux.Handle("DELETE /v1/parked/{id}", h.guarded(h.purge))
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", h.ready)
	return mux
}

type handler struct {
	config Config
	engine Engine
	log    *slog.Logger
}

// guarded lets in who presents the token. Nothing of the body is read before.
func (h *handler) guarded(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if len(h.config.Token) == 0 || !strings.EqualFold(kind, "Bearer") || !h.config.Token.Equal(seal.Secret(strings.TrimSpace(token))) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="seatrial sync"`)
			refuse(w, http.StatusUnauthorized, "", "the bearer token is missing or wrong")
			return
		}
		next(w, r)
	})
}

func (h *handler) submit(w http.ResponseWriter, r *http.Request) {
	wait, err := h.wait(r.URL.Query())
	if err != nil {
		refuseField(w, err)
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "", "the Content-Type must be application/json")
		return
	}
	body, err := readAll(http.MaxBytesReader(w, r.Body, h.config.BodyLimit), r.ContentLength, h.config.BodyLimit)
	defer clear(body)
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		refuse(w, http.StatusRequestEntityTooLarge, "", "the body is longer than "+strconv.FormatInt(h.config.BodyLimit, 10)+" bytes")
		return
	case err != nil:
		refuse(w, http.StatusBadRequest, "", "the body broke off")
		return
	}
	c, err := parse(body)
	if err != nil {
		refuseField(w, err)
		return
	}
	defer c.Password.Wipe()
	if c.Wait = wait; wait > 0 {
		holdOpen(w, wait)
	}
	receipt, err := h.engine.Accept(r.Context(), c)
	if err != nil {
		if !errors.Is(err, ErrUnavailable) {
			h.log.ErrorContext(r.Context(), "a change could not be queued", "error", err)
		}
		w.Header().Set("Retry-After", retryAfter)
		refuse(w, http.StatusServiceUnavailable, "", "the change was not taken, submit it again")
		return
	}
	reply(w, status(wait, receipt.State), receipt)
}

// status tells a caller who has waited whether the source may keep the password.
func status(wait time.Duration, s State) int {
	switch {
	case wait == 0 || !s.Final():
		return http.StatusAccepted
	case s == Parked:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// wait is how long the answer is held back: what the query says, or what the configuration does.
func (h *handler) wait(query url.Values) (time.Duration, error) {
	var wait time.Duration
	if h.config.Mode == Strict {
		wait = h.config.Wait
	}
	for name, values := range query {
		if name != "wait" {
			return 0, wrong(clip(name), "the query knows wait")
		}
		d, err := time.ParseDuration(values[0])
		if err != nil || d < 0 || d > longestWait {
			return 0, wrong(name, "wait is not a duration like 10s, of %v at most", longestWait)
		}
		wait = d
	}
	return wait, nil
}

// holdOpen makes the server's deadlines fit a wait. Without it the server would take a caller who is silent for
// http.Server.ReadTimeout for gone. A server that has no deadlines to move, as in tests, has none to fear either.
func holdOpen(w http.ResponseWriter, wait time.Duration) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{})
	_ = c.SetWriteDeadline(time.Now().Add(wait + time.Minute))
}

func (h *handler) status(w http.ResponseWriter, r *http.Request) {
	s, ok := h.engine.Status(r.PathValue("id"))
	if !ok {
		refuse(w, http.StatusNotFound, "", "no such change, or it was finished too long ago")
		return
	}
	reply(w, http.StatusOK, s)
}

func (h *handler) outcomes(w http.ResponseWriter, r *http.Request) {
	var after uint64
	limit := defaultOutcomes
	for name, values := range r.URL.Query() {
		n, err := number(name, values[0])
		switch {
		case name != "after" && name != "limit":
			refuse(w, http.StatusBadRequest, clip(name), "the query knows after and limit")
			return
		case err != nil || (name == "limit" && n == 0):
			refuseField(w, wrong(name, "%s is not a number that fits", name))
			return
		case name == "after":
			after = n
		default:
			limit = int(min(n, maxOutcomes))
		}
	}
	list, last := h.engine.Outcomes(after, limit)
	if list == nil {
		list = []Outcome{}
	}
	reply(w, http.StatusOK, map[string]any{"outcomes": list, "last": last})
}

func (h *handler) ready(w http.ResponseWriter, _ *http.Request) {
	standby, err := h.engine.Ready()
	switch {
	case err != nil:
		reply(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "reason": err.Error()})
	case standby:
		reply(w, http.StatusOK, map[string]string{"status": "standby"})
	default:
		reply(w, http.StatusOK, map[string]string{"status": "ready"})
	}
}

func number(name, text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, wrong(name, "%s is not a number that fits", name)
	}
	return n, nil
}

// readAll reads into one buffer: one that grows would leave pieces of the password behind. length is what the caller says,
// or negative.
func readAll(r io.Reader, length, limit int64) ([]byte, error) {
	if length < 0 || length > limit {
		length = limit
	}
	buffer := make([]byte, length+1) // One more, so that what is too long shows.
	n, err := io.ReadFull(r, buffer)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return buffer[:n], err
}

// refuseField answers a mistake of the caller's.
func refuseField(w http.ResponseWriter, err error) {
	if field, ok := errors.AsType[*fieldError](err); ok {
		refuse(w, http.StatusBadRequest, field.field, field.text)
		return
	}
	refuse(w, http.StatusBadRequest, "", "the request cannot be read")
}

func refuse(w http.ResponseWriter, status int, field, text string) {
	answer := map[string]string{"error": text}
	if field != "" {
		answer["field"] = field
	}
	reply(w, status, answer)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // A caller who has gone does not read it.
}
