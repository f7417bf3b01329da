using System.CommandLine;
using Turnpike.IngressProxy.Commands;

var root = new RootCommand("The data plane of Turnpike: an HTTP proxy that does what its route table says.")
{
    IngressCommand.Create(),
    SidecarCommand.Create(),
};
// A signal means draining here, which is ours to do.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
