package schemes

// shaCrypt is Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512"; the letters are its.
func shaCrypt(h algorithm, password, salt string, rounds int) string {
	b := string(h.of(password, salt, password))
	parts := []string{password, salt, stretch(b, len(password))}
	for n := len(password); n > 0; n >>= 1 {
		if n&1 == 1 {
			parts = append(parts, b)
		} else {
			parts = append(parts, password)
		}
	}
	a := h.of(parts...)
	p := stretch(string(h.of(repeat(password, len(password))...)), len(password))
	s := stretch(string(h.of(repeat(salt, 16+int(a[0]))...)), len(salt))
	c, hash := a, h.fresh()
	pBytes, sBytes := []byte(p), []byte(s)
	for i := range rounds {
		hash.Reset()
		write := func(part []byte) { _, _ = hash.Write(part) }
		first, last := c, pBytes
		if i&1 == 1 {
			first, last = pBytes, c
		}
		write(first)
		if i%3 != 0 {
			write(sBytes)
		}
		if i%7 != 0 {
			write(pBytes)
		}
		write(last)
		c = hash.Sum(c[:0])
	}
	return shaCryptText(c)
}

// shaCryptText takes three bytes at a time, a third of the digest apart; the three change places each time.
func shaCryptText(c []byte) string {
	var text []byte
	third := len(c) / 3
	x, y, z := 0, third, 2*third
	for range third {
		text = appendCrypt(text, 4, c[x], c[y], c[z])
		if len(c) == hashSHA256.size {
			x, y, z = z+1, x+1, y+1
		} else {
			x, y, z = y+1, z+1, x+1
		}
	}
	if len(c) == hashSHA256.size {
		return string(appendCrypt(text, 3, 0, c[31], c[30]))
	}
	return string(appendCrypt(text, 2, 0, 0, c[63]))
}

// md5Crypt is Poul-Henning Kamp's, of FreeBSD.
func md5Crypt(password, salt string) string {
	b := string(hashMD5.of(password, salt, password))
	parts := []string{password, "$1$", salt, stretch(b, len(password))}
	for n := len(password); n > 0; n >>= 1 {
		if n&1 == 1 {
			parts = append(parts, "\x00")
		} else {
			parts = append(parts, password[:1])
		}
	}
	c := string(hashMD5.of(parts...))
	for i := range 1000 {
		first, last, middle := c, password, ""
		if i&1 == 1 {
			first, last = password, c
		}
		if i%3 != 0 {
			middle = salt
		}
		if i%7 != 0 {
			middle += password
		}
		c = string(hashMD5.of(first, middle, last))
	}
	var text []byte
	for i := range 4 {
		text = appendCrypt(text, 4, c[i], c[i+6], c[i+12])
	}
	text = appendCrypt(text, 4, c[4], c[10], c[5])
	return string(appendCrypt(text, 2, 0, 0, c[11]))
}

// appendCrypt appends n characters of six bits each, the lowest first.
func appendCrypt(text []byte, n int, high, middle, low byte) []byte {
	v := uint(high)<<16 | uint(middle)<<8 | uint(low)
	for range n {
		text = append(text, cryptAlphabet[v&63])
		v >>= 6
	}
	return text
}

// stretch repeats text up to n bytes.
func stretch(text string, n int) string {
	out := make([]byte, 0, n+len(text))
	for len(out) < n {
		out = append(out, text...)
	}
	return string(out[:n])
}

func repeat(text string, n int) []string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = text
	}
	return parts
}
