namespace OrleansScheduler.Core;

/// <summary>Decides what an event does to a task. Pure: no clock, no I/O, no runtime types.</summary>
public static class TaskMachine
{
}
