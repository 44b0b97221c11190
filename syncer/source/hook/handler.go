package hook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"

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
		if !strings.EqualFold(kind, "Bearer") || !h.config.Token.Equal(seal.Secret(strings.TrimSpace(token))) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="seatrial sync"`)
			refuse(w, http.StatusUnauthorized, "", "the bearer token is missing or wrong")
			return
		}
		next(w, r)
	})
}

func (h *handler) submit(w http.ResponseWriter, r *http.Request) {
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
		var field *fieldError
		errors.As(err, &field)
		refuse(w, http.StatusBadRequest, field.field, field.text)
		return
	}
	defer c.Password.Wipe()
	// A caller who hangs up does not undo the change: it may be on disk already.
	receipt, err := h.engine.Accept(context.WithoutCancel(r.Context()), c)
	if err != nil {
		if !errors.Is(err, ErrUnavailable) {
			h.log.ErrorContext(r.Context(), "a change could not be queued", "error", err)
		}
		w.Header().Set("Retry-After", retryAfter)
		refuse(w, http.StatusServiceUnavailable, "", "the change was not taken, submit it again")
		return
	}
	reply(w, http.StatusAccepted, receipt)
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
		n, err := strconv.ParseUint(values[0], 10, 63)
		switch {
		case name != "after" && name != "limit":
			refuse(w, http.StatusBadRequest, clip(name), "the query knows after and limit")
			return
		case err != nil || (name == "limit" && n == 0):
			refuse(w, http.StatusBadRequest, name, name+" is not a number that fits")
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
	if err := h.engine.Ready(); err != nil {
		reply(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "reason": err.Error()})
		return
	}
	reply(w, http.StatusOK, map[string]string{"status": "ready"})
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
