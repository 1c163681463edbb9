using OrleansScheduler.Cli;

return await Osched.RunAsProcessAsync(args);
