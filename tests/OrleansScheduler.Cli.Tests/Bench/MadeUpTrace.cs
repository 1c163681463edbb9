namespace OrleansScheduler.Cli.Tests;

/// <summary>Small traces from a seed: a few kinds of machines; shares, whole GPUs and none; some tasks insist on a model.</summary>
internal static class MadeUpTrace
{
    private static readonly string[] Models = ["red", "green", "blue"];

    public static PackingTrace Of(int seed, int machines = 40, int tasks = 200)
    {
        var random = new Random(seed);
        return new("made up", [.. Enumerable.Range(0, machines).Select(_ => Machine(random))],
            [.. Enumerable.Range(0, tasks).Select(i => Task(random, i))]);
    }

    public static TraceTask Task(long cpu, long memory, long gpuMillis, double from = 0, double lasts = 10, string models = "") =>
        new(new Resources(cpu, memory, 0, gpuMillis), models, from, lasts);

    public static TraceNode Machine(long cpu, long memory, int gpus, string model = "red") =>
        new(new Resources(cpu, memory, 0, gpus * 1000L), model);

    private static TraceNode Machine(Random random)
    {
        var gpus = random.Next(4) switch { 0 => 0, 1 => 2, _ => 8 };
        return Machine(32_000 * random.Next(1, 4), 131_072, gpus, gpus == 0 ? "" : Models[random.Next(Models.Length)]);
    }

    private static TraceTask Task(Random random, int number)
    {
        var gpu = random.Next(6) switch { 0 => 0, 1 => 460, 2 => 810, 3 => 2000, 4 => 8000, _ => 1000 };
        var models = gpu > 0 && random.Next(4) == 0 ? $"{Models[random.Next(3)]}|green" : "";
        return Task(random.Next(1, 12) * 1000, random.Next(1, 32) * 1024, gpu, number * random.Next(1, 10), random.Next(0, 300), models);
    }
}
