package autotask

import (
	"context"
	"net/http"
	"strings"
)

// wireAccess is what entityInformation says of the calling user's rights, as number or text (Autotask sheet §4.1).
type wireAccess struct {
	Query  wireText `json:"userAccessForQuery"`
	Create wireText `json:"userAccessForCreate"`
	Update wireText `json:"userAccessForUpdate"`
	Delete wireText `json:"userAccessForDelete"`
}

func (t *Target) access(ctx context.Context, entity string) (wireAccess, error) {
	var answer struct {
		Info wireAccess `json:"info"`
	}
	err := t.read(ctx, http.MethodGet, entity+"/entityInformation", nil, &answer)
	return answer.Info, err
}

// full reports whether a level is unrestricted. An absent level says nothing, so it does not accuse.
func full(level wireText) bool {
	switch strings.ToLower(strings.TrimSpace(string(level))) {
	case "none", "0", "restricted", "false":
		return false
	}
	return true
}

func (a wireAccess) canQuery() bool { return full(a.Query) }
