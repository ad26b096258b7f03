-- A cart's content is sold once. Its order keeps the cart's id to itself in every status in which it lives, and for
-- good once the order was paid and cancelled ('sold') or its lines went back into a cart with another id
-- ('returned'). Only the cart of an order that was refused, whose lines never left the cart, is ordered again.
ALTER TABLE orders ADD COLUMN cart_spent text CHECK (cart_spent IN ('sold', 'returned'));

UPDATE orders SET cart_spent = 'sold'
WHERE status = 'CANCELLED' AND cart_id IS NOT NULL
  AND EXISTS (SELECT FROM order_timeline AS entry WHERE entry.order_id = orders.id AND entry.status = 'PAID');
-- The narrower index allowed several orders of one cart: the first keeps it.
UPDATE orders SET cart_id = NULL
WHERE (cart_spent IS NOT NULL OR status NOT IN ('INVENTORY_UNAVAILABLE', 'PAYMENT_FAILED', 'CANCELLED'))
  AND EXISTS (SELECT FROM orders AS earlier
              WHERE earlier.cart_id = orders.cart_id AND earlier.id < orders.id
                AND (earlier.cart_spent IS NOT NULL
                     OR earlier.status NOT IN ('INVENTORY_UNAVAILABLE', 'PAYMENT_FAILED', 'CANCELLED')));

DROP INDEX idx_orders_open_cart;
CREATE UNIQUE INDEX idx_orders_cart ON orders (cart_id)
    WHERE cart_spent IS NOT NULL OR status NOT IN ('INVENTORY_UNAVAILABLE', 'PAYMENT_FAILED', 'CANCELLED');
