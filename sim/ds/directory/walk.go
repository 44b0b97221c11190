package directory

// chunk is how many entries are taken from the tree at one time: it is locked so long, and not while they are sent.
const chunk = 256

// walk hands out the entries of a search, a chunk at a time, as they are at that moment.
type walk struct {
	d   *Directory
	ids []id // growing
	all bool // all entries are candidates
	at  id   // where to go on
}

func (w *walk) next(f *finding) []*entry {
	w.d.mu.RLock()
	defer w.d.mu.RUnlock()
	entries := make([]*entry, 0, min(chunk, len(w.ids)+1))
	take := func(i id) {
		if e := w.d.tree.at(i); e != nil && i != 0 && f.within(e) && !f.stands(e) && (f.areas[0].base != 0 || below(e.key, w.d.suffix)) {
			entries = append(entries, e)
		}
	}
	if w.all {
		for ; w.at < w.d.tree.end() && len(entries) < chunk; w.at++ {
			take(w.at)
		}
		return entries
	}
	for len(w.ids) > 0 && len(entries) < chunk {
		if i := w.ids[0]; i >= w.at {
			take(i)
			w.at = i + 1
		}
		w.ids = w.ids[1:]
	}
	return entries
}
