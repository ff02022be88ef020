// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: a number in [0, 1) for every row, by which it falls to one side or the other.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal sealed class DataSplitter
{
    // Without any seed a split is not random either: the real one falls back to this number.
    private const int DefaultSeed = 42;
    private readonly IDataView _data;
    private readonly DataViewSchema.Column? _key;
    private readonly int _seed;

    public DataSplitter(IHostEnvironment env, IDataView data, string samplingKeyColumnName, int? seed)
    {
        _data = data;
        if (samplingKeyColumnName != null)
            _key = data.Schema.GetColumnOrNull(samplingKeyColumnName) ?? throw Contracts.MissingColumn(nameof(samplingKeyColumnName), "SamplingKeyColumn", samplingKeyColumnName);
        _seed = seed ?? (env as IHostEnvironmentInternal)?.Seed ?? DefaultSeed;
    }

    /// <summary>The rows whose number is inside (or, for the complement, outside) of the range.</summary>
    public IDataView Range(double from, double to, bool complement)
    {
        bool Accept(double number) => (number >= from && number < to) != complement;
        if (_key is not { } key)
        {
            return new FilterView(_data, [], _ =>
            {
                var random = new Random(_seed);
                return () => Accept(random.NextDouble());
            }, dependsOnOrder: true);
        }
        return new FilterView(_data, [key], row =>
        {
            var number = (Func<double>)Views.Generic(nameof(Views.HashOf), key.Type.RawType).Invoke(null, [row, row.Schema[key.Index], _seed]);
            return () => Accept(number());
        }, dependsOnOrder: false);
    }
}
