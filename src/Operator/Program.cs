using System.CommandLine;
using Microsoft.Extensions.Hosting;
using Turnpike.Api;
using Turnpike.Operator;
using Turnpike.Operator.Manifests;

var output = new Option<string>("--output", "-o")
{
    Description = "folder that holds config/ and docs/",
    HelpName = "DIR",
    DefaultValueFactory = _ => ".",
};
var manifests = new Command("manifests", "Write the manifests and references that are generated from the code.") { output };
manifests.SetAction(async (parsed, cancellationToken) =>
{
    foreach (var (path, text) in GeneratedFiles.All)
    {
        var file = Path.Combine(parsed.GetValue(output)!, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, text, cancellationToken);
        await parsed.InvocationConfiguration.Output.WriteLineAsync(path);
    }
    return 0;
});

var proxyImage = new Option<string>("--proxy-image")
{
    Description = "image of the managed ingress and the sidecars, unless the settings name another",
    HelpName = "IMAGE",
    DefaultValueFactory = _ => Deployed.ProxyImage,
};
var kubeconfig = new Option<string?>("--kubeconfig")
{
    Description = "kubeconfig of the cluster [default: the cluster that the pod runs in]",
    HelpName = "FILE",
};
var profile = new Option<string>("--profile")
{
    Description = $"names of this installation; without it, ${Profile.Variable} or {Profile.Istio2017.Name}",
    HelpName = string.Join('|', Profile.All.Select(p => p.Name)),
    DefaultValueFactory = _ => Environment.GetEnvironmentVariable(Profile.Variable) is { Length: > 0 } name ? name : Profile.Istio2017.Name,
};
profile.Validators.Add(result =>
{
    if (result.GetValueOrDefault<string>() is { } name && Profile.Find(name) is null)
        result.AddError($"\"{name}\" is not a profile: supported values are {string.Join(", ", Profile.All.Select(p => p.Name))}");
});
var token = new Option<string>("--token")
{
    Description = "projected ServiceAccount token that other replicas accept",
    HelpName = "FILE",
    DefaultValueFactory = _ => "/var/run/secrets/turnpike/token",
};
var clientCa = new Option<string?>("--webhook-client-ca")
{
    Description = "require client certificates of these authorities (PEM) on the webhook port [default: no client certificates]",
    HelpName = "FILE",
};
var webhookPort = new Option<int>("--webhook-port")
{
    Description = "port of the admission webhooks",
    HelpName = "PORT",
    DefaultValueFactory = _ => Deployed.WebhookPort,
};
var discoveryPort = new Option<int>("--discovery-port")
{
    Description = "port from which proxies get their tables",
    HelpName = "PORT",
    DefaultValueFactory = _ => Deployed.DiscoveryPort,
};
var healthPort = new Option<int>("--health-port")
{
    Description = "port of /live, /ready and /metrics",
    HelpName = "PORT",
    DefaultValueFactory = _ => Deployed.HealthPort,
};
var run = new Command("run", "Run the control plane: webhooks, discovery, and the tasks of the leader.")
{
    profile, proxyImage, kubeconfig, token, clientCa, webhookPort, discoveryPort, healthPort,
};
run.SetAction(async (parsed, cancellationToken) =>
{
    var options = new OperatorOptions(
        parsed.GetValue(kubeconfig),
        Environment.GetEnvironmentVariable("POD_NAME") ?? Environment.MachineName,
        Environment.GetEnvironmentVariable("POD_IP") ?? "",
        parsed.GetValue(proxyImage)!,
        parsed.GetValue(token)!)
    {
        Profile = Profile.Find(parsed.GetValue(profile)!)!.In(Environment.GetEnvironmentVariable("POD_NAMESPACE")),
        WebhookClientCa = parsed.GetValue(clientCa),
        WebhookPort = parsed.GetValue(webhookPort),
        DiscoveryPort = parsed.GetValue(discoveryPort),
        HealthPort = parsed.GetValue(healthPort),
    };
    await using var app = OperatorHost.Build(options);
    await app.RunAsync(cancellationToken);
    return 0;
});

return await new RootCommand("The control plane of Turnpike.") { run, manifests }.Parse(args).InvokeAsync();
