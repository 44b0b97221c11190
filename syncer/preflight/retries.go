package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// retries is F33, in its two forms: a wrapper that waits for exceptions around a function that swallows them, and a
// folder in which a failed write is tried by nobody again.
func retries(p *project) {
	for _, s := range p.scripts {
		waits := false
		for _, loop := range s.Loops {
			waits = p.deafLoop(s, loop) || waits
		}
		if !waits {
			p.oneAttempt(s)
		}
	}
}

// deafLoop reports a loop that repeats on exceptions only, around a function that throws none.
func (p *project) deafLoop(s *script, loop code.Loop) bool {
	for _, try := range s.Tries {
		if !loop.Body.Holds(try.At) {
			continue
		}
		for _, call := range s.CallsIn(try.Body) {
			fn := s.functionNamed(call.Name)
			if fn == nil || !s.swallows(*fn) || s.Says(loop.Body, "success", "error") && !s.returns(call.At) {
				continue
			}
			p.found("F33", s.at(call.At), fmt.Sprintf(
				"The loop waits for an exception, and %s (line %d) catches every one and returns a map: there is exactly one attempt, no waiting, and no retry.",
				fn.Name, s.Tokens[fn.At].Line),
				"Let the function throw what can be tried again, or test result.success in the loop before leaving it.")
			return true
		}
	}
	return false
}

// returns tells whether the call at i is what is returned at once.
func (s *script) returns(i int) bool { return s.follows(i, "return") }

func (s *script) functionNamed(name string) *code.Function {
	for n := range s.Functions {
		if fn := &s.Functions[n]; fn.Name != "" && fn.Name == name {
			return fn
		}
	}
	return nil
}

// swallows tells whether a function turns every exception into an ordinary result.
func (s *script) swallows(fn code.Function) bool {
	for _, try := range s.Tries {
		if !fn.Body.Holds(try.At) || s.FunctionAt(try.At, true) == nil || s.FunctionAt(try.At, true).Body != fn.Body {
			continue
		}
		for _, c := range try.Catches {
			if s.catchesAll(c) && !s.has(c.Body, "throw") && s.has(c.Body, "return") {
				return true
			}
		}
	}
	return false
}

// catchesAll tells whether a handler takes any exception.
func (s *script) catchesAll(c code.Catch) bool {
	if s.Language == code.JavaScript {
		return true
	}
	types := 0
	for i := c.At + 1; i < c.Body.From; i++ {
		if t := s.Tokens[i]; t.Is("Exception", "Throwable") {
			return true
		} else if t.Kind == code.Word {
			types++
		}
	}
	return types == 1 // catch (e)
}

func (s *script) has(block code.Span, word string) bool {
	for i := block.From; i < block.To; i++ {
		if s.Tokens[i].Is(word) {
			return true
		}
	}
	return false
}

// oneAttempt reports a script that writes passwords, swallows what goes wrong with the write, and is repeated by no loop.
func (p *project) oneAttempt(s *script) {
	for _, r := range p.requests {
		if r.script != s || !r.setsPassword() || p.repeated(s, r.call.At, nil) {
			continue
		}
		for _, try := range s.Tries {
			if !try.Body.Holds(r.call.At) {
				continue
			}
			for _, c := range try.Catches {
				if !s.catchesAll(c) || s.has(c.Body, "throw") || p.resends() {
					continue
				}
				p.found("F33", s.at(c.At),
					"Every failure of the write (a timeout, 429, an expired token) is caught here and becomes an ordinary result, and nothing in this folder tries again: there is exactly one attempt.",
					"Tell passing failures (timeout, 429, 5xx, 401) from final ones, and try the passing ones again with waits; or hand the change to an engine that does.")
				return
			}
		}
	}
}

// repeated tells whether the code at i runs in a loop, directly or through the functions that call it.
func (p *project) repeated(s *script, i int, seen []string) bool {
	if slices.ContainsFunc(s.Loops, func(l code.Loop) bool { return l.Body.Holds(i) }) {
		return true
	}
	fn := s.method(i)
	if fn == nil || slices.Contains(seen, fn.Name) || len(seen) > 10 {
		return false
	}
	return slices.ContainsFunc(s.Calls, func(c code.Call) bool {
		return c.Name == fn.Name && p.repeated(s, c.At, append(seen, fn.Name))
	})
}

// resends tells whether a scheduled script of the folder sends passwords.
func (p *project) resends() bool {
	return slices.ContainsFunc(p.scripts, func(s *script) bool {
		return slices.ContainsFunc(s.events, func(h hook) bool { return h.event == "schedule" }) && p.sends(s)
	})
}

// lostReturns is P19.
func lostReturns(p *project) {
	for _, s := range p.scripts {
		for _, loop := range s.Loops {
			if !loop.Closure {
				continue
			}
			for i := loop.Body.From; i < loop.Body.To; i++ {
				inner := s.FunctionAt(i, true)
				if !s.Tokens[i].Is("return") || inner == nil || inner.Body.From < loop.Body.From || !s.turn(inner, loop) {
					continue
				}
				if i+1 >= loop.Body.To || s.Tokens[i+1].First || s.precedes(i, ";", "}", "null", "true", "false", "undefined") {
					continue // the plain return of a guard: on to the next turn
				}
				p.found("P19", s.at(i),
					"This return ends one turn of the loop and not the function: after a success the loop goes on, and its value is lost.",
					"Use a for loop, or find, any or some, which stop.")
				break
			}
		}
	}
}

// turn tells whether a function is the closure that a loop runs.
func (s *script) turn(fn *code.Function, loop code.Loop) bool {
	return fn.Closure && (fn.At+1 == loop.Body.From || fn.At == loop.Body.From)
}

// waitsInRequest is P27.
func waitsInRequest(p *project) {
	for _, s := range p.scripts {
		if !p.runsInHook(s) {
			continue
		}
		for _, call := range s.Calls {
			if call.Name == "Thread.sleep" || call.Name == "java.lang.Thread.sleep" || call.Name == "sleep" || strings.HasSuffix(call.Name, "TimeUnit.SECONDS.sleep") {
				p.found("P27", s.at(call.At),
					"This waits inside the user's own request: his browser hangs, and while the target is away IDM runs out of threads.",
					"Answer the user first and retry from a queue.")
				break
			}
		}
	}
}

// runsInHook tells whether a script runs in the request that changes a user.
func (p *project) runsInHook(s *script) bool {
	hooked := func(s *script) bool {
		return slices.ContainsFunc(s.events, func(h hook) bool { return h.object != "" })
	}
	if hooked(s) {
		return true
	}
	return slices.ContainsFunc(p.scripts, func(caller *script) bool {
		return hooked(caller) && slices.ContainsFunc(p.evals(caller), func(e eval) bool { return e.file == s.Path })
	})
}

// silentHandlers is P28.
func silentHandlers(p *project) {
	for _, s := range p.scripts {
		if !p.sends(s) {
			continue
		}
		for _, try := range s.Tries {
			for _, c := range try.Catches {
				if c.Body.Empty() {
					p.found("P28", s.at(c.At), "Whatever goes wrong here vanishes: no log, no record, no retry.",
						"Log the cause, leave a record, and let callers know.")
				}
			}
		}
	}
}

// unordered is F12.
func unordered(p *project) {
	for _, s := range p.scripts {
		if !p.writes(s) || s.Says(s.All(), "revision", "_rev", "sequence", "changednumber", "lastchanged", "passwordlastchanged", "lock") {
			continue
		}
		for _, r := range p.requests {
			if r.script == s && r.setsPassword() && (p.repeated(s, r.call.At, nil) || p.runsInHook(s)) {
				p.found("F12", r.at(),
					"Nothing orders two quick changes of one user: the older password can land last and stay, and both sides report success.",
					"Compare a version (the object's _rev, a time of change) before each write, or hand the changes to an engine that keeps one order per user.")
				break
			}
		}
	}
}
