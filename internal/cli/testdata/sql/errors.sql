SELECT
  1,
  nme FROM (VALUES (1)) AS t (name);
SELEC 1;
SELECT 1 / 0;
SELECT * FROM nowhere;
SELECT 1 AS "";
SELECT count(*) FROM generate_series(1, 3) AS g WHERE sum(g) > 1;
SELECT 'goes on';
CREATE SOURCE endless WITH (connector = 'generate', kind = 'sequence');
SELECT * FROM endless ORDER BY n;
SELECT n, count(*) FROM endless GROUP BY n EMIT ON WINDOW CLOSE;
EXPLAIN SELECT * FROM endless ORDER BY n;
