using ILGPU;

namespace Microsoft.ML.ConvNet.Tests;

public struct MatrixSizes
{
    public int M { get; init; }
    public int N { get; init; }
    public int K { get; init; }
}

public interface ICombine
{
    int Apply(int a, int b);
}

public readonly struct Largest : ICombine
{
    public int Apply(int a, int b) => IntrinsicMath.Max(a, b);
}

public readonly struct Smallest : ICombine
{
    public int Apply(int a, int b) => IntrinsicMath.Min(a, b);
}

public interface IReverse
{
    float Apply(float value);
}

/// <summary>Has a barrier in a method that kernels reach through a type parameter.</summary>
public readonly struct Scaled(float scale) : IReverse
{
    private readonly float _scale = scale;

    public float Apply(float value)
    {
        var shared = SharedMemory.Allocate<float>(GroupKernels.Threads);
        shared[Group.IdxX] = value;
        Group.Barrier();
        return _scale * shared[Group.DimX - 1 - Group.IdxX];
    }
}

public static class GroupKernels
{
    public const int Tile = 16;
    public const int Threads = 128;

    public static void Transpose(ArrayView<float> x, ArrayView<float> y, int rows, int columns)
    {
        var tile = SharedMemory.Allocate<float>(Tile * Tile);
        int column = Grid.IdxX * Tile + Group.IdxX, row = Grid.IdxY * Tile + Group.IdxY;
        if (row < rows && column < columns)
            tile[Group.IdxY * Tile + Group.IdxX] = x[row * columns + column];
        Group.Barrier();
        column = Grid.IdxX * Tile + Group.IdxY;
        row = Grid.IdxY * Tile + Group.IdxX;
        if (row < rows && column < columns)
            y[column * rows + row] = tile[Group.IdxX * Tile + Group.IdxY];
    }

    public static void Sum(ArrayView<int> x, ArrayView<int> sums)
    {
        var i = Grid.GlobalIndex.X;
        var sum = GroupSum(i < x.Length ? x[i] : 0);
        // Threads that have nothing left to do return before the others.
        if (Group.IdxX != 0)
            return;
        sums[Grid.IdxX] = sum;
    }

    public static void Multiply(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, MatrixSizes sizes)
    {
        var left = SharedMemory.Allocate<float>(Tile * Tile);
        var right = SharedMemory.Allocate1D<float>(Tile * Tile);
        int x = Group.IdxX, y = Group.IdxY, row = Grid.IdxY * Tile + y, column = Grid.IdxX * Tile + x;
        var sum = 0f;
        for (var k = 0; k < sizes.K; k += Tile)
        {
            left[y * Tile + x] = row < sizes.M && k + x < sizes.K ? a[row * sizes.K + k + x] : 0;
            right[y * Tile + x] = column < sizes.N && k + y < sizes.K ? b[(k + y) * sizes.N + column] : 0;
            Group.Barrier();
            for (var q = 0; q < Tile; q++)
                sum += left[y * Tile + q] * right[q * Tile + x];
            Group.Barrier();
        }
        if (row < sizes.M && column < sizes.N)
            c[row * sizes.N + column] = sum;
    }

    public static void SumsInExpressions(ArrayView<int> y, int value) =>
        y[Grid.GlobalIndex.X] = Group.IdxX + GroupSum(Group.IdxX) - 2 * GroupSum(value);

    public static void Combine<TCombine>(ArrayView<int> x, ArrayView<int> y, int place) where TCombine : struct, ICombine
    {
        var combined = GroupCombine(default(TCombine), x[Group.IdxX]);
        if (Group.IsFirstThread)
            y[place] = combined;
    }

    public static void Reverse<TReverse>(ArrayView<float> y, TReverse reverse) where TReverse : struct, IReverse
    {
        for (var step = 0; step < 3; step++)
        {
            var value = step + reverse.Apply(y[Group.IdxX]);
            Group.Barrier();
            y[Group.IdxX] = value;
        }
    }

    public static void KeepsVariables(ArrayView<float> y)
    {
        var shared = SharedMemory.Allocate<float>(32);
        var sizes = new MatrixSizes { M = Group.IdxX, N = 2, K = 3 };
        ref var place = ref y[Grid.GlobalIndex.X];
        shared[Group.IdxX] = Group.IdxX;
        place = 10 * Group.IdxX;
        for (var step = 0; step < 2; step++)
        {
            Group.Barrier();
            place += sizes.N * shared[(sizes.M + 1) % Group.DimX];
        }
        Group.Barrier();
        place += sizes.M;
    }

    public static void Places(ArrayView<int> y)
    {
        var place = Grid.LinearIndex * Group.Dimension.Size + Group.LinearIndex;
        var global = Grid.GlobalIndex;
        if (global.X == Grid.IdxX * Group.DimX + Group.IdxX && global.Y == Grid.IdxY * Group.DimY + Group.IdxY && global.Z == Grid.IdxZ * Group.DimZ + Group.IdxZ)
            y[place] = place;
    }

    public static void Count(ArrayView<int> counts)
    {
        Atomic.Add(ref counts[0], 1);
        Atomic.Max(ref counts[1], Grid.GlobalIndex.X);
        if (Group.IdxX % 4 == 3)
            Atomic.Add(ref counts[2], 1);
    }

    private static int GroupSum(int value)
    {
        var shared = SharedMemory.Allocate<int>(Threads);
        shared[Group.IdxX] = value;
        Group.Barrier();
        for (var half = Threads / 2; half > 0; half /= 2)
        {
            if (Group.IdxX < half)
                shared[Group.IdxX] += shared[Group.IdxX + half];
            Group.Barrier();
        }
        return shared[0];
    }

    private static int GroupCombine<TCombine>(TCombine combine, int value) where TCombine : struct, ICombine
    {
        var shared = SharedMemory.Allocate<int>(Threads);
        shared[Group.IdxX] = value;
        Group.Barrier();
        for (var half = Threads / 2; half > 0; half /= 2)
        {
            if (Group.IdxX < half)
                shared[Group.IdxX] = combine.Apply(shared[Group.IdxX], shared[Group.IdxX + half]);
            Group.Barrier();
        }
        return shared[0];
    }
}
