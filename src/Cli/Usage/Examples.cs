namespace Turnpike.Cli.Usage;

/// <param name="What">What the command line does.</param>
/// <param name="Line">The command line as it is typed.</param>
internal sealed record Example(string What, string Line);

/// <summary>
/// The examples in the help pages, by command. A test holds that each command has one and that each command line is valid.
/// </summary>
internal static class Examples
{
    /// <summary>The examples in the help page of the program.</summary>
    public static IReadOnlyList<Example> OfProgram { get; } =
    [
        new("try it out on this machine", "turnpike demo"),
        new("check manifests before they are applied", "turnpike validate manifests/"),
        new("explain how a request is routed", "turnpike explain GET http://foo.example.com/status/200"),
        new("show the help of a command", "turnpike help validate"),
    ];

    private static readonly Dictionary<string, Example[]> ByCommand = new(StringComparer.Ordinal)
    {
        ["create"] =
        [
            new("create the rules of a file", "turnpike create -f rule.yaml"),
            new("create them, and wait until every proxy uses them", "turnpike create -f rule.yaml --wait 30s"),
        ],
        ["replace"] =
        [
            new("replace a rule by the one in a file", "turnpike replace -f rule.yaml"),
            new("change a rule that is in the cluster", "turnpike get routerule httpbin-3s-rule -o yaml | sed s/3s/5s/ | turnpike replace -f -"),
        ],
        ["delete"] =
        [
            new("delete a rule by its name", "turnpike delete routerule httpbin-3s-rule"),
            new("delete the rules of a file", "turnpike delete -f rule.yaml"),
        ],
        ["get"] =
        [
            new("list the rules of a namespace", "turnpike get routerules -n shop"),
            new("print one rule as a manifest", "turnpike get routerule httpbin-3s-rule -o yaml"),
            new("watch the status of every rule", "turnpike get routerules -A -o wide -w"),
        ],
        ["status"] = [new("show the installation at a glance", "turnpike status"), new("print the same as JSON", "turnpike status -o json")],
        ["install"] =
        [
            new("check for conflicts and show what would change", "turnpike install --dry-run"),
            new("install, and wait until operator and ingress are ready", "turnpike install --wait"),
            new("install beside Istio", "turnpike install --profile standalone --wait"),
        ],
        ["uninstall"] =
        [
            new("remove everything except rules and settings", "turnpike uninstall"),
            new("remove everything", "turnpike uninstall --purge --yes"),
        ],
        ["check"] = [new("check for conflicts, before or after an installation", "turnpike check")],
        ["version"] =
        [
            new("print the versions of tool, operator and proxies", "turnpike version"),
            new("print the tool's version as JSON", "turnpike version --client -o json"),
        ],
        ["explain"] =
        [
            new("explain a request in the cluster", "turnpike explain GET http://foo.example.com/status/200"),
            new(
                "fail in CI if the request does not reach this service",
                "turnpike explain GET http://shop.example.com/cart --config-dir manifests --expect-backend shop/cart"),
            new(
                "explain a request with a header by a directory of manifests",
                "turnpike explain GET https://shop.example.com/cart -H 'x-version: v2' --config-dir manifests"),
        ],
        ["kube-inject"] =
        [
            new("inject the sidecar into a workload and apply it", "turnpike kube-inject -f deployment.yaml | kubectl apply -f -"),
            new("see what would change", "turnpike kube-inject -f deployment.yaml --diff"),
        ],
        ["validate"] =
        [
            new("check files", "turnpike validate ingress.yaml rule.yaml"),
            new("check a tree of manifests in CI, and fail on warnings too", "turnpike validate -R manifests --fail-on warning"),
            new("check the output of another program", "helm template shop | turnpike validate -"),
        ],
        ["compile"] =
        [
            new("print the routes of a directory as text", "turnpike compile --config-dir manifests --text"),
            new("write a table for turnpike-proxy", "turnpike compile --config-dir manifests -o table.json"),
        ],
        ["convert"] =
        [
            new("convert the Ingresses of a file and apply them", "turnpike convert -f ingress.yaml | kubectl apply -f -"),
            new("see what would change", "turnpike convert -f ingress.yaml --diff"),
            new("convert a file in place", "turnpike convert -f ingress.yaml -o ingress.yaml"),
        ],
        ["serve"] =
        [
            new("run the ingress on a directory of manifests", "turnpike serve --config-dir manifests"),
            new("write the access log as JSON", "turnpike serve --config-dir manifests --access-log json"),
        ],
        ["demo"] = [new("run the demo, and keep it running afterwards", "turnpike demo --keep")],
        ["completion"] =
        [
            new("enable it in this bash; add the line to ~/.bashrc for every bash", "source <(turnpike completion bash)"),
            new("install it for zsh, in a directory of $fpath", "turnpike completion zsh >\"${fpath[1]}/_turnpike\""),
            new("install it for fish", "turnpike completion fish >~/.config/fish/completions/turnpike.fish"),
        ],
        ["help"] = [new("show the help of a command", "turnpike help explain")],
    };

    public static IReadOnlyList<Example> Of(string command) => ByCommand.GetValueOrDefault(command, []);
}
