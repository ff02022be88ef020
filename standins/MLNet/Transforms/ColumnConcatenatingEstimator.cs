// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: scalars and vectors of one type side by side.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class ColumnConcatenatingEstimator : IEstimator<ColumnConcatenatingTransformer>
{
    private readonly IHost _host;
    private readonly string _output;
    private readonly string[] _inputs;

    internal ColumnConcatenatingEstimator(IHostEnvironment env, string outputColumnName, string[] inputColumnNames)
    {
        _host = env.Register(nameof(ColumnConcatenatingEstimator));
        Contracts.CheckParam(inputColumnNames is { Length: > 0 } && inputColumnNames.All(name => name != null), nameof(inputColumnNames), "Must contain at least one name and no nulls");
        _output = outputColumnName;
        _inputs = inputColumnNames;
    }

    public ColumnConcatenatingTransformer Fit(IDataView input)
    {
        Contracts.CheckValue(input, nameof(input));
        var transformer = new ColumnConcatenatingTransformer(_host, _output, _inputs);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        var columns = _inputs.Select(inputSchema.Find).ToArray();
        foreach (var column in columns)
        {
            if (column.IsKey)
                throw new InvalidOperationException($"Column '{column.Name}' is key. Concatenation of keys is unsupported.");
            if (!column.ItemType.Equals(columns[0].ItemType))
            {
                throw new InvalidOperationException("Concatenated columns should have the same type. "
                    + $"Column '{column.Name}' has type of {column.ItemType}, but expected column type is {columns[0].ItemType}.");
            }
        }
        var isVariable = columns.Any(column => column.Kind == SchemaShape.Column.VectorKind.VariableVector);
        SchemaShape annotations = null;
        if (columns.Any(column => column.Kind == SchemaShape.Column.VectorKind.Scalar || column.Annotations.TryFindColumn("SlotNames", out _)))
            annotations = new SchemaShape([new SchemaShape.Column("SlotNames", SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, false)]);
        var kind = isVariable ? SchemaShape.Column.VectorKind.VariableVector : SchemaShape.Column.VectorKind.Vector;
        return inputSchema.With([new SchemaShape.Column(_output, kind, columns[0].ItemType, false, annotations)]);
    }
}
