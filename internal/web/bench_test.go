package web_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
	"github.com/halligan-dev/halligan/internal/web"
)

// BenchmarkPages renders pages from answers of the API that are there already.
func BenchmarkPages(b *testing.B) {
	crowd := func(grants int) map[string]any {
		now := view.Now{Headline: "Doors are open", Live: []view.Request{}}
		for i := range grants {
			grant := openGrant()
			grant.ID = canon.Sum(fmt.Append(nil, i))
			now.Live = append(now.Live, grant)
		}
		return glance(now, view.Inbox{}, nil, figures(12))
	}
	r, w := over(), waiting()
	deciding := map[string]any{"/api/v1/requests/" + w.ID.String(): w, "/api/v1/people": people(), "/api/v1/scenarios/database-locked-out": scenario()}
	for _, c := range []struct {
		name, path string
		says       map[string]any
	}{
		{"Now/0", "/", crowd(0)}, {"Now/200", "/", crowd(200)}, {"Wall/200", "/?wall", crowd(200)},
		{"Decide", "/requests/" + w.ID.String() + "/decide", deciding},
		{"Review", "/requests/" + r.ID.String() + "/review", looking(r, "sign-off")}, {"Numbers", "/numbers", map[string]any{"/api/v1/numbers": figures(12)}},
	} {
		b.Run(c.name, func(b *testing.B) { rendering(b, c.path, c.says) })
	}
}

func rendering(b *testing.B, path string, says map[string]any) {
	b.Helper()
	says["/api/v1/me"] = me(false)
	encoded := map[string][]byte{}
	for at, answer := range says {
		data, err := json.Marshal(answer)
		if err != nil {
			b.Fatal(err)
		}
		encoded[at] = data
	}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(encoded[r.URL.RequestURI()]) })
	pages := web.New(web.Options{API: api, Name: cellName, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return instant }})
	bytes := 0
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://"+cellName+path, nil))
		if bytes = w.Body.Len(); w.Code != http.StatusOK {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(bytes), "bytes/page")
}
