package cli

import "github.com/halligan-dev/halligan/internal/ledger"

func (c *call) open(f memberFlags) (*member, error) { return nil, nil }

func (c *call) remote(url string) (ledger.Source, error) { return nil, nil }

func (m *member) submitRequest(body any, notes []ledger.Note) (answer, error) { return answer{}, nil }

func (m *member) holder(digits string) (*holder, error) { return m.holders.Find(digits) }
