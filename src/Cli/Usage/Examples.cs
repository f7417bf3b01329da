namespace Turnpike.Cli.Usage;

/// <param name="What">What the line does.</param>
/// <param name="Line">As it is typed.</param>
internal sealed record Example(string What, string Line);

/// <summary>The examples in the help pages, by command. A test holds that each command has one, and that each line is one that the program takes.</summary>
internal static class Examples
{
    /// <summary>Of the program as a whole.</summary>
    public static IReadOnlyList<Example> OfProgram { get; } =
    [
        new("see it at work on this machine", "turnpike demo"),
        new("check manifests before they are applied", "turnpike validate manifests/"),
        new("say where a request goes, and why", "turnpike explain GET http://foo.example.com/status/200"),
        new("the help of one command", "turnpike help validate"),
    ];

    private static readonly Dictionary<string, Example[]> ByCommand = new(StringComparer.Ordinal)
    {
        ["create"] =
        [
            new("create the rules of a file", "turnpike create -f rule.yaml"),
            new("create them, and wait until every proxy has them in force", "turnpike create -f rule.yaml --wait 30s"),
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
            new("one rule, as a file has it", "turnpike get routerule httpbin-3s-rule -o yaml"),
            new("follow what becomes of every rule", "turnpike get routerules -A -o wide -w"),
        ],
        ["status"] = [new("the installation at a glance", "turnpike status"), new("the same for a program", "turnpike status -o json")],
        ["install"] =
        [
            new("see whether it would harm anything, and what it would change", "turnpike install --dry-run"),
            new("install, and wait until it serves", "turnpike install --wait"),
            new("install beside an Istio", "turnpike install --profile standalone --wait"),
        ],
        ["uninstall"] =
        [
            new("remove all but rules and settings", "turnpike uninstall"),
            new("remove everything", "turnpike uninstall --purge --yes"),
        ],
        ["check"] = [new("before an installation and at any time after it", "turnpike check")],
        ["version"] = [new("tool, operator and proxies", "turnpike version"), new("this program's, for a script", "turnpike version --client -o json")],
        ["explain"] =
        [
            new("ask the cluster", "turnpike explain GET http://foo.example.com/status/200"),
            new("fail in CI where the request is not for this service", "turnpike explain GET http://shop.example.com/cart --config-dir manifests --expect-backend shop/cart"),
            new("ask a directory of manifests, as a client of version v2 would", "turnpike explain GET https://shop.example.com/cart -H 'x-version: v2' --config-dir manifests"),
        ],
        ["kube-inject"] =
        [
            new("apply a workload with the sidecar in it", "turnpike kube-inject -f deployment.yaml | kubectl apply -f -"),
            new("see what would change", "turnpike kube-inject -f deployment.yaml --diff"),
        ],
        ["validate"] =
        [
            new("check files", "turnpike validate ingress.yaml rule.yaml"),
            new("check a tree of manifests in CI, warnings included", "turnpike validate -R manifests --fail-on warning"),
            new("check what another program makes", "helm template shop | turnpike validate -"),
        ],
        ["compile"] =
        [
            new("the routes of a directory, for people", "turnpike compile --config-dir manifests --text"),
            new("a table that turnpike-proxy runs on", "turnpike compile --config-dir manifests -o table.json"),
        ],
        ["convert"] =
        [
            new("the Ingresses of a file as clusters of today take them", "turnpike convert -f ingress.yaml | kubectl apply -f -"),
            new("see what would change", "turnpike convert -f ingress.yaml --diff"),
            new("change the file", "turnpike convert -f ingress.yaml -o ingress.yaml"),
        ],
        ["serve"] =
        [
            new("run the ingress on a directory; a line for each request on a terminal", "turnpike serve --config-dir manifests"),
            new("the same for a program to read", "turnpike serve --config-dir manifests --access-log json"),
        ],
        ["demo"] = [new("run it, and leave it running to be tried", "turnpike demo --keep")],
        ["completion"] =
        [
            new("bash, for this shell; in ~/.bashrc for every one", "source <(turnpike completion bash)"),
            new("zsh, in a directory of $fpath", "turnpike completion zsh >\"${fpath[1]}/_turnpike\""),
            new("fish", "turnpike completion fish >~/.config/fish/completions/turnpike.fish"),
        ],
        ["help"] = [new("the help of one command", "turnpike help explain")],
    };

    public static IReadOnlyList<Example> Of(string command) => ByCommand.GetValueOrDefault(command, []);
}
