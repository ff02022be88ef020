using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Sums, means and their adjoints as steps. Idea: most reductions are sums of rows, of columns, of channels or of all; what is
/// left goes by a table of indices, made once. All sums are in a fixed order, so that their bits do not depend on the threads.
/// </summary>
internal static unsafe class ReduceKernels
{
    public static Kernel Find(OpSignature signature, WorkerPool pool)
    {
        var (source, target) = (signature.Inputs[0], signature.Output);
        var mean = ((ReduceOp)signature.Op).Mean;
        if (target.Shape.Length == 1 && !target.Batched)
            return new FunctionKernel("sum of all", call => Scaled(call, () => *call.Output() = Sums.Sum(pool, call.Input(0), Length(call, source))));
        if (target.Batched && IsRows(target.Shape, source.Shape))
        {
            return new FunctionKernel("sum of rows", call => Scaled(call, () => Sums.PerChannel(
                pool, call.Input(0), new ChannelShape(1, (int)call.Count(), source.Shape.Length / target.Shape.Length), call.Output())));
        }

        if (source.Batched && !target.Batched && target.Shape == source.Shape)
        {
            return new FunctionKernel("sum of samples", call => Scaled(call, () => Sums.PerChannel(
                pool, call.Input(0), new ChannelShape(call.Batch, source.Shape.Length, 1), call.Output())));
        }

        if (source.Batched && !target.Batched && target.Shape.Length == source.Shape.C && target.Shape.C == source.Shape.C)
        {
            return new FunctionKernel("sum of channels", call => Scaled(call, () => Sums.PerChannel(
                pool, call.Input(0), call.Channels(source), call.Output())));
        }

        var table = Broadcasting.Map(target.Shape, source.Shape);
        return new FunctionKernel("sum by table", call => Scaled(call, () => SumByTable(call, source, target, table)));

        void Scaled(KernelCall call, Action sum)
        {
            sum();
            if (mean)
                Pointwise.Map(pool, call.Output(), call.Output(), call.Count(), new Scale((float)((double)call.Count() / Length(call, source))));
        }
    }

    public static Kernel FindBroadcast(OpSignature signature, WorkerPool pool)
    {
        var (source, target) = (signature.Inputs[0], signature.Output);
        var mean = ((BroadcastOp)signature.Op).Mean;
        if (source.Shape.Length == 1 && !source.Batched)
            return new FunctionKernel("fill", call => Pointwise.Fill(pool, call.Output(), call.Count(), *call.Input(0) * Share(call)));
        if (source.Batched && IsRows(source.Shape, target.Shape))
        {
            return new FunctionKernel("fill of rows", call =>
            {
                var rows = (int)Length(call, source);
                var (length, share) = (call.Count() / rows, Share(call));
                for (var row = 0; row < rows; row++)
                    new Span<float>(call.Output() + (row * length), (int)length).Fill(call.Input(0)[row] * share);
            });
        }

        var table = Broadcasting.Map(source.Shape, target.Shape);
        return new FunctionKernel("broadcast by table", call =>
        {
            var (y, share) = ((nint)call.Output(), Share(call));
            for (nint i = 0; i < call.Count(); i++)
            {
                var sample = source.Batched ? i / table.Length * source.Shape.Length : 0;
                ((float*)y)[i] = call.Input(0)[sample + table[i % table.Length]] * share;
            }
        });

        float Share(KernelCall call) => mean ? (float)((double)Length(call, source) / call.Count()) : 1;
    }

    public static Kernel FindChannelSum(OpSignature signature, WorkerPool pool)
        => new FunctionKernel("sum of channels", call => Sums.PerChannel(pool, call.Input(0), call.Channels(signature.Inputs[0]), call.Output()));

    /// <summary>Whether the elements that belong together lie side by side: leading extents are kept, all others are 1.</summary>
    private static bool IsRows(Shape small, Shape large)
    {
        if (small.Length == 1)
            return true;
        var kept = 0;
        while (kept < small.Rank && small[kept] == large[kept])
            kept++;
        for (var axis = kept; axis < small.Rank; axis++)
        {
            if (small[axis] != 1)
                return false;
        }

        return true;
    }

    private static void SumByTable(KernelCall call, TensorType source, TensorType target, int[] table)
    {
        var sums = new double[call.Count()];
        for (nint i = 0; i < Length(call, source); i++)
            sums[(target.Batched ? i / table.Length * target.Shape.Length : 0) + table[i % table.Length]] += call.Input(0)[i];
        for (var i = 0; i < sums.Length; i++)
            call.Output()[i] = (float)sums[i];
    }

    private static nint Length(KernelCall call, TensorType type) => (nint)type.Length(call.Batch);
}
