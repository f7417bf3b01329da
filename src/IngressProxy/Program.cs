using System.CommandLine;
using Turnpike.IngressProxy.Commands;

var root = new RootCommand("The data plane of Turnpike: an HTTP proxy that is configured by a route table.")
{
    IngressCommand.Create(),
    SidecarCommand.Create(),
};
// The commands handle signals themselves, because a signal means draining here.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
