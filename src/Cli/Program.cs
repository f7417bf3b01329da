using Turnpike.Cli;

return await CommandLine.RunAsync(args, ProcessContext.Real(), Console.Out, Console.Error, CancellationToken.None);
