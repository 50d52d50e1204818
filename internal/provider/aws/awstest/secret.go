package awstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
)

// version is one value of a secret.
type version struct {
	value  string
	stages []string
}

// AddSecret makes a secret of Secrets Manager with a first value, which is current.
func (d *Double) AddSecret(region, name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.secrets[region+"/"+name] = map[string]*version{d.next("first-version-of-a-secret-"): {value, []string{"AWSCURRENT"}}}
}

// SecretStages tells which value each staging label of a secret stands for.
func (d *Double) SecretStages(region, name string) map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	stages := map[string]string{}
	for _, v := range d.secrets[region+"/"+name] {
		for _, stage := range v.stages {
			stages[stage] = v.value
		}
	}
	return stages
}

// StageSecret puts a value under a label by another hand, and gives its version.
func (d *Double) StageSecret(region, name, value, stage string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	versions, id := d.secrets[region+"/"+name], d.next("another-version-of-a-secret-")
	move(versions, stage, id, &version{value: value})
	return id
}

// UnstageSecret takes a label from whatever has it, by another hand.
func (d *Double) UnstageSecret(region, name, stage string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, v := range d.secrets[region+"/"+name] {
		v.stages = slices.DeleteFunc(v.stages, func(s string) bool { return s == stage })
	}
}

// move takes a label from whatever has it and gives it to a version.
func move(versions map[string]*version, stage, to string, made *version) {
	if made != nil {
		versions[to] = made
	}
	for id, v := range versions {
		if !slices.Contains(v.stages, stage) || id == to {
			continue
		}
		v.stages = slices.DeleteFunc(v.stages, func(s string) bool { return s == stage })
		if stage == "AWSCURRENT" {
			move(versions, "AWSPREVIOUS", id, nil)
		}
	}
	if v := versions[to]; v != nil && !slices.Contains(v.stages, stage) {
		v.stages = append(v.stages, stage)
	}
}

// vault is Secrets Manager.
func (c *request) vault(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	if no != fine || s != nil || c.user != nil {
		c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
		return
	}
	var in struct {
		SecretId, VersionId, VersionStage, ClientRequestToken, SecretString, RemoveFromVersionId, MoveToVersionId string

		VersionStages []string
	}
	versions, known := map[string]*version(nil), false
	if err := json.Unmarshal(c.body, &in); err == nil {
		versions, known = c.d.secrets[c.region+"/"+in.SecretId]
	}
	if !known {
		c.fail(w, refusal{http.StatusBadRequest, "ResourceNotFoundException"})
		return
	}
	arn := fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-AbCdEf", c.region, Number, in.SecretId)
	switch c.action {
	case "DescribeSecret":
		stages := map[string][]string{}
		for id, v := range versions {
			if len(v.stages) > 0 {
				stages[id] = v.stages
			}
		}
		c.object(w, map[string]any{"ARN": arn, "Name": in.SecretId, "VersionIdsToStages": stages})
	case "GetSecretValue":
		for id, v := range versions {
			if (in.VersionId == "" || in.VersionId == id) && (in.VersionStage == "" || slices.Contains(v.stages, in.VersionStage)) && in.VersionId+in.VersionStage != "" {
				c.object(w, map[string]any{"ARN": arn, "Name": in.SecretId, "VersionId": id, "SecretString": v.value, "VersionStages": v.stages})
				return
			}
		}
		c.fail(w, refusal{http.StatusBadRequest, "ResourceNotFoundException"})
	case "PutSecretValue":
		if had := versions[in.ClientRequestToken]; had != nil && had.value != in.SecretString {
			c.fail(w, refusal{http.StatusBadRequest, "ResourceExistsException"})
			return
		} else if had == nil {
			versions[in.ClientRequestToken] = &version{value: in.SecretString}
		}
		for _, stage := range in.VersionStages {
			move(versions, stage, in.ClientRequestToken, nil)
		}
		c.object(w, map[string]any{"ARN": arn, "Name": in.SecretId, "VersionId": in.ClientRequestToken})
	case "UpdateSecretVersionStage":
		if !restage(versions, in.VersionStage, in.RemoveFromVersionId, in.MoveToVersionId) {
			c.fail(w, refusal{http.StatusBadRequest, "InvalidParameterException"})
			return
		}
		c.object(w, map[string]any{})
	default:
		c.d.t.Errorf("the double of Secrets Manager knows no %s", c.action)
		c.fail(w, refusal{http.StatusBadRequest, "InvalidRequestException"})
	}
}

// restage moves or takes a label. A label that another version has must be said to
// be taken from it, and AWSCURRENT is never taken without being given.
func restage(versions map[string]*version, stage, from, to string) bool {
	holder := ""
	for id := range maps.Keys(versions) {
		if slices.Contains(versions[id].stages, stage) {
			holder = id
		}
	}
	if holder != from && holder != to || to != "" && versions[to] == nil || to == "" && (from == "" || stage == "AWSCURRENT") {
		return false
	}
	if to != "" {
		move(versions, stage, to, nil)
	} else {
		versions[from].stages = slices.DeleteFunc(versions[from].stages, func(s string) bool { return s == stage })
	}
	return true
}
