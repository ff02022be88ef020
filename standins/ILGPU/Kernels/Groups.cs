using System.Runtime.ExceptionServices;

namespace ILGPU.Kernels;

/// <summary>Runs the groups of a launch: one after another, or on all cores where there is enough to do.</summary>
internal static class Groups
{
    // Handing out work costs about as much as this many threads of a small kernel.
    private const long WorthSharing = 16384;

    public static void Run(Index3D gridDim, Index3D groupDim, Action<Lane> runGroup)
    {
        var groups = gridDim.LongSize;
        var parts = groups * groupDim.LongSize < WorthSharing ? 1 : Math.Min(groups, Environment.ProcessorCount * 4);
        if (parts == 1)
        {
            RunPart(0, groups, gridDim, groupDim, runGroup);
            return;
        }
        try
        {
            Parallel.For(0, parts, part => RunPart(groups * part / parts, groups * (part + 1) / parts, gridDim, groupDim, runGroup));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Capture(e.InnerExceptions[0]).Throw();
        }
    }

    private static void RunPart(long first, long end, Index3D gridDim, Index3D groupDim, Action<Lane> runGroup)
    {
        var lane = new Lane(gridDim, groupDim);
        lane.Enter();
        try
        {
            for (var group = first; group < end; group++)
            {
                lane.MoveToGroup(group);
                runGroup(lane);
            }
        }
        finally
        {
            lane.Leave();
        }
    }
}
