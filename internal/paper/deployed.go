package paper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/deployed"
)

// Bounds of what is read.
const (
	deployedFiles = 200
	deployedBytes = blueprint.IAMLimit
)

// iamRegions are where IAM is administered, by partition.
var iamRegions = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

// ErrNoCredentials says that the environment has none of AWS.
var ErrNoCredentials = deployed.ErrNoCredentials

// AskAccount asks the account of a blueprint what IAM has now, with the
// credentials of an environment.
func AskAccount(ctx context.Context, of *Blueprint, environment func(string) string) (Deployed, error) {
	data, err := deployed.Account(ctx, deployed.Options{
		Region: iamRegions[of.Account.Partition], Endpoint: environment("AWS_ENDPOINT_URL_IAM"), Key: environment("AWS_ACCESS_KEY_ID"),
		Secret: environment("AWS_SECRET_ACCESS_KEY"), Token: environment("AWS_SESSION_TOKEN"),
	})
	if err != nil {
		return Deployed{}, err
	}
	return blueprint.IAM(data)
}

// ReadDeployed reads a file or a folder of templates, or the answer of IAM.
func ReadDeployed(path string) (Deployed, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Deployed{}, err
	}
	names := []string{path}
	if info.IsDir() {
		names = nil
		entries, err := os.ReadDir(path)
		if err != nil {
			return Deployed{}, err
		}
		for _, e := range entries {
			if slices.Contains([]string{".yaml", ".yml", ".json", ".template"}, filepath.Ext(e.Name())) {
				names = append(names, filepath.Join(path, e.Name()))
			}
		}
	}
	if len(names) == 0 || len(names) > deployedFiles {
		return Deployed{}, fmt.Errorf("%d templates there, want 1 to %d", len(names), deployedFiles)
	}
	var templates []map[string]any
	for _, name := range names {
		data, err := readBounded(name)
		if err != nil {
			return Deployed{}, err
		}
		if len(names) == 1 && bytes.Contains(data, []byte(`"RoleDetailList"`)) {
			return blueprint.IAM(data)
		}
		template, err := ReadTemplate(data)
		if err != nil {
			return Deployed{}, fmt.Errorf("%s: %w", name, err)
		}
		if template != nil {
			templates = append(templates, template)
		}
	}
	if len(templates) == 0 {
		return Deployed{}, errors.New("no template among the files: none has Resources")
	}
	return blueprint.Templates(templates), nil
}

func readBounded(name string) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, deployedBytes+1))
	if err == nil && len(data) > deployedBytes {
		err = fmt.Errorf("%s has over %d bytes", name, deployedBytes)
	}
	return data, err
}

// ReadTemplate reads a template, alone or within the answer of get-template. What
// is none, such as an Automation document beside it, is nil.
func ReadTemplate(data []byte) (map[string]any, error) {
	var value map[string]any
	if err := yaml.Unmarshal(data, &value); err != nil {
		return nil, err
	}
	switch body := value["TemplateBody"].(type) {
	case string:
		return ReadTemplate([]byte(strings.TrimSpace(body)))
	case map[string]any:
		value = body
	}
	if _, ok := value["Resources"].(map[string]any); !ok {
		return nil, nil
	}
	return value, nil
}

// Templates is what templates hold that were read one by one.
func Templates(all ...map[string]any) Deployed { return blueprint.Templates(all) }
