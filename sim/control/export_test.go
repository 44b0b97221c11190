package control

// SetPage makes the client ask for n entries at a time.
func (c *Client) SetPage(n int) { c.page = n }
